"""The period before one: as long, and ending the day before it begins."""

from datetime import date, timedelta


def previous(first_day: date, last_day: date) -> tuple[date, date]:
    """First and last day of the period before, both included. Before whole calendar months come as many whole months."""
    ends = first_day - timedelta(days=1)
    after = last_day + timedelta(days=1)
    if first_day.day == 1 and after.day == 1:
        months = (after.year - first_day.year) * 12 + after.month - first_day.month
        before = first_day.year * 12 + first_day.month - 1 - months
        return date(before // 12, before % 12 + 1, 1), ends
    return first_day - (after - first_day), ends
