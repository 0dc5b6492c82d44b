"""Where the two teams differ: closed questionnaires, the question that most needs the workshop first."""

import streamlit as st

from actions import comparison, lead_cards, settings, surveys, workshops
from actions.permissions import may
from alignment import instants
from alignment.disagreement import (
    Comparison,
    Effect,
    Evidence,
    LeadsApart,
    QuestionComparison,
    Seen,
    Verdict,
)
from alignment.disagreement.compound_sentences import agreement_within, condition_differences
from alignment.lead_cards import CardOutcome
from alignment.people import Team
from alignment.questionnaires import Question, QuestionType
from alignment.rules import sentence
from alignment.surveys import Survey, SurveyStatus
from alignment.texts import number_text
from components.charts.comparison import distribution_figure, distribution_in_words, distribution_rows
from components.outcome import perform, show_outcome
from components.page import open_page, stop_on_refusal
from components.session import actor, person
from components.text import plain

VERDICTS = {
    Verdict.SPLIT_BETWEEN: ("orange", ":material/call_split:", "Split between the teams"),
    Verdict.SPLIT_WITHIN: ("violet", ":material/group:", "Divided within a team"),
    Verdict.UNSURE: ("gray", ":material/help:", "Everyone unsure"),
    Verdict.ALIGNED: ("green", ":material/check:", "Aligned"),
    Verdict.TOO_FEW: ("gray", ":material/visibility_off:", "Too few answers"),
}
EFFECTS = {
    "total_variation": "Share of one team that would have to answer differently",
    "largest_difference": "Largest difference on one answer",
    "mean_difference": "Mean difference over the answers",
    "difference_cant_say": "Difference in who can't say",
    "cliffs_delta": "Cliff's δ (−1 marketing higher, 1 sales higher)",
    "bergsma_v": "Bergsma's V (0 to 1)",
    "difference_of_medians": "Difference of the medians",
    "kendall_tau": "Kendall's τ between the orders (1 alike, −1 opposite)",
    "largest_place_difference": "Largest difference of mean places",
    "kendall_w_sales": "Kendall's W in sales (1 all agree)",
    "kendall_w_marketing": "Kendall's W in marketing (1 all agree)",
    "cohens_kappa": "Cohen's κ between the majorities (1 alike)",
    "krippendorff_alpha_sales": "Krippendorff's α in sales (1 all agree)",
    "krippendorff_alpha_marketing": "Krippendorff's α in marketing (1 all agree)",
}
SEEN = {
    Seen.AGREEMENT: ":material/visibility:",
    Seen.DISAGREEMENT: ":material/visibility:",
    Seen.IMAGINED_AGREEMENT: ":orange-badge[:material/blur_on: Imagined agreement]",
    Seen.IMAGINED_DISAGREEMENT: ":violet-badge[:material/blur_on: Imagined disagreement]",
    Seen.MISJUDGED: ":gray-badge[:material/blur_on: Misjudged]",
    Seen.OPEN: ":material/visibility:",
}
BECAME = {CardOutcome.WON: "won", CardOutcome.LOST: "lost", CardOutcome.OPEN: "still open"}
SHARES = ("total_variation", "largest_difference", "mean_difference", "difference_cant_say")


def closed_on(survey: Survey) -> str:
    day = instants.local_day(survey.closed_at, zone) if survey.closed_at else None
    return f"closed {day:%-d %B %Y}" if day else ""


def choose(closed: list[Survey]) -> Survey:
    """The questionnaire in the address, else the newest; with a choice where there are several."""
    by_id = {survey.id: survey for survey in closed}
    if len(closed) > 1:
        if st.session_state.get("comparison_survey") not in by_id:
            asked = st.query_params.get("survey")
            st.session_state["comparison_survey"] = asked if asked in by_id else closed[0].id
        st.selectbox(
            "Questionnaire",
            list(by_id),
            format_func=lambda key: f"{by_id[key].title} ({closed_on(by_id[key])})",
            key="comparison_survey",
            on_change=lambda: st.query_params.update(survey=st.session_state["comparison_survey"]),
        )
        return by_id[st.session_state["comparison_survey"]]
    return closed[0]


def show_filters(survey: Survey, found: Comparison) -> list[QuestionComparison]:
    """The questions that the filters leave, in the order of the ranking."""
    present = [verdict for verdict in VERDICTS if found.count(verdict)]
    topics = [section.key for section in survey.questionnaire.sections]
    with st.container(horizontal=True):
        verdicts = st.pills(
            "Verdict",
            [verdict.value for verdict in present],
            selection_mode="multi",
            # the address holds this label, so it has no count
            format_func=lambda value: VERDICTS[Verdict(value)][2],
            key="verdict",
            bind="query-params",
            wrap=True,
        )
        chosen = st.pills(
            "Topic",
            topics,
            selection_mode="multi",
            format_func=lambda topic: plain(survey.questionnaire.topic_title(topic)),
            key="topic",
            bind="query-params",
            wrap=True,
        )
    return [
        compared
        for compared in found.questions
        if (not verdicts or compared.verdict.value in verdicts)
        and (not chosen or compared.question.topic in chosen)
    ]


def effect_in_words(effect: Effect, question: Question) -> str:
    unit = f" {question.unit}" if question.unit and effect.name == "difference_of_medians" else ""

    def number(value: float) -> str:
        text = (
            f"{value * 100:.0f}%"
            if effect.name in SHARES
            else f"{value:.2f}"
            if not unit
            else number_text(value)
        )
        return text.replace("-", "−") + unit

    interval = (
        f", 95% interval {number(effect.interval.low)} to {number(effect.interval.high)}"
        if effect.interval
        else ""
    )
    return f"{EFFECTS.get(effect.name, effect.name)}: {number(effect.value)}{interval}"


def show_wordings(question: Question) -> None:
    if len(set(question.wording.values())) == 1:
        st.markdown(f"**Both teams were asked:** {plain(question.wording[Team.SALES])}")
        return
    for team in Team:
        st.markdown(f"**{team.label.capitalize()} was asked:** {plain(question.wording[team])}")


def show_question(survey: Survey, compared: QuestionComparison, can_take: bool) -> None:
    question = compared.question
    if compared.reason:
        st.caption(plain(compared.reason))
    show_wordings(question)
    figure = distribution_figure(compared, st.context.theme.type)
    if figure is None:
        st.info(
            f"Results show only when answers of at least {survey.min_group} people of each team count; otherwise one "
            "could work out who said what.",
            icon=":material/visibility_off:",
        )
        return
    st.plotly_chart(
        figure,
        key=f"comparison_chart_{question.key}",
        alt=distribution_in_words(compared),
        config={"displayModeBar": False, "staticPlot": True},
    )
    counts = " and ".join(f"{compared.n[team]} people in {team.label}" for team in Team)
    evidence = "" if compared.evidence is Evidence.TOO_FEW else f" · {compared.evidence.label.capitalize()}"
    st.caption(f"{counts} answered{evidence}{importance_in_words(compared)}")
    show_agreement(compared)
    show_rules(survey, compared)
    for perspective in compared.perspectives:
        st.markdown(f"{SEEN[perspective.seen]} {plain(perspective.sentence)}")
    if question.type is QuestionType.LEAD_CARDS:
        show_cards(survey, compared)
    with st.container(horizontal=True):
        with st.popover("Numbers", icon=":material/table:"):
            for effect in (compared.effect, *compared.other_effects):
                if effect is not None:
                    st.caption(plain(effect_in_words(effect, question)))
            st.dataframe(
                distribution_rows(compared),
                hide_index=True,
                column_config={
                    "Answer": st.column_config.TextColumn(width=150),
                    **{team.label.capitalize(): st.column_config.TextColumn(width=75) for team in Team},
                },
                alt=f"How both teams answered: {question.name}",
            )
        if can_take and (survey.id, question.key) in workshops.list_table(actor()):
            st.page_link(
                "pages/workshop/workshop.py",
                label="On the table; go to the workshop",
                icon=":material/groups:",
            )
        elif can_take:
            st.button(
                "Take to the workshop",
                key=f"comparison_take_{question.key}",
                icon=":material/groups:",
                on_click=take,
                args=(survey.id, compared),
            )


def imagined_in_words(found: Comparison) -> str:
    """On how many questions a team takes a disagreement for an agreement, or the other way round."""
    seen = [{one.seen for one in compared.perspectives} for compared in found.questions]
    missed, invented = (
        sum(kind in one for one in seen) for kind in (Seen.IMAGINED_AGREEMENT, Seen.IMAGINED_DISAGREEMENT)
    )
    parts = [
        f"{count} {what}{'' if count == 1 else 's'} only imagined"
        for count, what in ((invented, "difference"), (missed, "agreement"))
        if count
    ]
    return f" · {', '.join(parts)}" if parts else ""


def importance_in_words(compared: QuestionComparison) -> str:
    if compared.importance is None or compared.importance_by_team is None:
        return ""
    teams = ", ".join(f"{team.label} {compared.importance_by_team[team]:.1f}" for team in Team)
    return f" · Importance of the topic {compared.importance:.1f} of 5 ({teams})"


def show_agreement(compared: QuestionComparison) -> None:
    """How far each team agrees within itself, where the answer has several parts."""
    for team in Team:
        assert compared.distributions is not None
        found = agreement_within(compared.distributions[team], compared.question.type)
        if found:
            st.caption(f"Within {team.label}: {found}")


def leads_in_words(apart: LeadsApart) -> str:
    """What the two typical rules would do with past leads, and what became of those they treat differently."""
    if not apart.differently:
        return f"The two typical rules treat all of {apart.judged:,} past leads alike."
    sides = [
        f"{'all of these' if count == apart.differently else f'{count:,}'} only {team.label} would call qualified ({apart.won[team]:,} of them won)"
        for team, count in apart.only.items()
        if count
    ]
    untold = f" Of {apart.untold:,} more it cannot be told." if apart.untold else ""
    return (
        f"The two typical rules treat {apart.differently:,} of {apart.judged:,} past leads differently: "
        f"{', and '.join(sides)}.{untold}"
    )


def show_rules(survey: Survey, compared: QuestionComparison) -> None:
    """What most of each team ask of a lead, as a sentence, and where the two differ."""
    for team, rule in compared.typical_rules.items():
        typical = (
            f"typically asks that {plain(sentence(rule))}."
            if rule
            else "has no typical rule: most ask for nothing together."
        )
        st.markdown(f"**{team.label.capitalize()}** {typical}")
    for told in condition_differences(compared):
        st.markdown(f"- {plain(told)}")
    if all(compared.typical_rules.values()) and compared.typical_rules:
        with stop_on_refusal():
            apart = comparison.leads_told_apart(actor(), survey.id, compared.question.key)
        if apart is not None:
            st.markdown(f":material/balance: {leads_in_words(apart)}")


def show_cards(survey: Survey, compared: QuestionComparison) -> None:
    """The leads behind the cards, with what stood on them."""
    with stop_on_refusal():
        cards = lead_cards.cards_to_judge(actor(), survey.id, compared.question.key)
    if not cards or compared.distributions is None:
        return
    with stop_on_refusal():
        became = lead_cards.outcomes_of_cards(actor(), survey.id, compared.question.key)
    judged = {row["Answer"]: row for row in distribution_rows(compared)}
    rows = [
        {
            "Card": f"Card {card.number}",
            **of,
            "What became of it": BECAME[became[card.number]] if card.number in became else "not known",
            **dict(card.facts),
        }
        for card in sorted(cards, key=lambda card: card.number)
        if (
            of := {team: judged[f"Card {card.number}"][team].split(" ")[0] for team in ("Sales", "Marketing")}
            if f"Card {card.number}" in judged
            else None
        )
    ]
    st.markdown("**The leads on the cards**")
    st.dataframe(
        rows,
        hide_index=True,
        column_config={"Card": st.column_config.TextColumn(pinned=True)},
        alt=f"The leads on the cards, and how both teams judged them: {compared.question.name}",
    )
    show_card_reasons(survey, compared.question)


def show_card_reasons(survey: Survey, question: Question) -> None:
    """What people wrote on the cards, card by card; nothing where that could tell who wrote it."""
    with stop_on_refusal():
        reasons = comparison.read_card_reasons(actor(), survey.id).get(question.key)
    if reasons is None:
        return
    st.markdown("**Their reasons**")
    if not reasons.by_card:
        st.caption(plain(reasons.reason))
        return
    st.caption(
        f"Shuffled, without names; only of cards where at least {survey.questionnaire.comment_group} people of each team "
        "that gave reasons did."
    )
    with st.container(horizontal=True):
        for number, by_team in reasons.by_card.items():
            with st.popover(f"Card {number}", icon=":material/chat:"):
                for team, texts in by_team.items():
                    st.markdown(f"**{team.label.capitalize()}**")
                    for text in texts:
                        st.markdown(f"> {plain(text)}")


def take(survey_id: str, compared: QuestionComparison) -> None:
    perform(
        "On the table of the workshop.",
        lambda acting: workshops.add_topic(
            acting,
            None,
            title=compared.question.name,
            reason=compared.sentence,
            survey_id=survey_id,
            question_key=compared.question.key,
        ),
    )


def show_ranked(survey: Survey, place: int, compared: QuestionComparison, can_take: bool) -> None:
    show_outcome()  # a click in here runs this part of the screen only
    colour, icon, words = VERDICTS[compared.verdict]
    how = {Evidence.CLEAR: ", clearly", Evidence.LIKELY: ", probably"}.get(compared.evidence, "")
    badge = f":{colour}-badge[{icon} {words}{how if compared.verdict is Verdict.SPLIT_BETWEEN else ''}]"
    part = st.expander(
        f"{place}\\. **{plain(compared.question.name)}** {badge} {plain(compared.sentence)}",
        expanded=place == 1,
        key=f"comparison_open_{compared.question.key}",
        on_change="rerun",
    )
    if part.open:
        with part:
            show_question(survey, compared, can_take)


def show_comments(survey: Survey) -> None:
    with stop_on_refusal():
        comments = comparison.read_comments(actor(), survey.id)
    if not comments:
        return
    st.subheader("In their own words", anchor=False)
    if all(not found.by_team for found in comments.values()):
        st.caption(plain(next(iter(comments.values())).reason))
        return
    st.caption("Shuffled, without names.")
    for key, found in comments.items():
        question = survey.questionnaire.question(key)
        with st.expander(plain(question.name), icon=":material/chat:"):
            show_wordings(question)
            if found.reason:
                st.caption(plain(found.reason))
            for team, texts in found.by_team.items():
                st.markdown(f"**{team.label.capitalize()}**")
                for text in texts:
                    st.markdown(f"> {plain(text)}")


me = person()
open_page("Comparison", "Where do sales and marketing differ, and where do they agree?")
show_outcome()
with stop_on_refusal():
    zone = settings.read_company(actor()).hours.timezone
    known = surveys.list_surveys(actor())
closed = [survey for survey in known if survey.status is SurveyStatus.CLOSED]
if not closed:
    st.info(
        "No questionnaire has been closed yet. While one is open nobody sees its results, so that nobody is swayed.",
        icon=":material/hourglass_empty:",
    )
    if me.team is not None:
        st.page_link(
            "pages/surveys/answer.py", label="Answer your questionnaires", icon=":material/edit_note:"
        )
    st.stop()

survey = choose(closed)
with stop_on_refusal():
    found = comparison.compare_survey(actor(), survey.id)
    rates = surveys.response_rates(actor(), survey.id)
st.subheader(plain(found.sentence), anchor=False)
submitted = " and ".join(f"{rates[team].submitted} of {rates[team].invited} in {team.label}" for team in Team)
if found.without_files:
    submitted = f"with answers from files, which do not all count, {submitted}"
st.caption(f"{plain(survey.title)}, {closed_on(survey)} · {submitted} submitted{imagined_in_words(found)}")
if all(compared.hidden for compared in found.questions):
    st.info(
        f"Answers from files count with a question where nobody or at least {survey.min_group} people of each team have "
        "answered it in the portal. Otherwise whoever brought the file could take its answers away and be left with a few "
        "people's, so nothing is shown of either team."
        if found.without_files
        else f"Results show only when at least {survey.min_group} people of each team have answered. With fewer, one could "
        "work out who said what, so nothing is shown of either team.",
        icon=":material/visibility_off:",
    )
    st.stop()

shown = show_filters(survey, found)
if not shown:
    st.caption("No question matches these filters. Take one away to see more.")
can_take = may(me, "workshop:run")
for compared in shown:
    place = found.questions.index(compared) + 1
    st.fragment(show_ranked, key=f"comparison_question_{compared.question.key}")(
        survey, place, compared, can_take
    )
if len(shown) == len(found.questions):
    show_comments(survey)
if may(me, "workshop:attend") and (found.count(Verdict.SPLIT_BETWEEN) or found.count(Verdict.SPLIT_WITHIN)):
    st.page_link("pages/workshop/workshop.py", label="Go to the workshop", icon=":material/groups:")
