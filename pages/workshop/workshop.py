"""The workshop: one topic after the other, proposals, and votes that both teams have to carry."""

from typing import Any

import streamlit as st

from actions import comparison, definitions, leads, settings, surveys, workshops
from actions.permissions import may
from alignment.disagreement.costs import LeadsApart
from alignment.disagreement.measures_in_words import leads_of
from alignment.errors import Refusal
from alignment.people import Team
from alignment.rules import Rule, sentence, to_document
from alignment.workshops import (
    Choice,
    Proposal,
    ProposalState,
    Tally,
    Topic,
    TopicState,
    Workshop,
    in_agenda_order,
)
from components.outcome import perform, show_outcome, was_refused
from components.page import open_page, stop_on_refusal
from components.rule_editor import describe_rule, edit_rule
from components.session import actor, person
from components.text import ink, plain

CHOICES = {
    Choice.YES: ":material/thumb_up: Yes",
    Choice.NO: ":material/thumb_down: No",
    Choice.ABSTAIN: ":material/do_not_disturb_on: Abstain",
}
TEAM_COLOURS = {Team.SALES: "orange", Team.MARKETING: "green"}

me = person()
runs = may(me, "workshop:run")
open_page("Workshop", "What can both teams agree on?")
show_outcome()

with stop_on_refusal():
    found = workshops.list_workshops(actor())


@st.dialog("Open a workshop")
def open_workshop() -> None:
    title = st.text_input("Title", value="Alignment workshop", max_chars=120, key="workshop_new_title")
    if st.button("Open it", type="primary", key="workshop_new_open"):
        perform(
            "The workshop is open. Take topics to it from the comparison.", workshops.open_workshop, title
        )
        if not was_refused():
            st.rerun()
        show_outcome()


if not found:
    st.subheader("There is no workshop yet.", anchor=False)
    if runs:
        st.write(
            "Look at the comparison and take the questions that matter to the workshop, or open an empty one here."
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.page_link(
                "pages/surveys/comparison.py", label="Go to the comparison", icon=":material/compare_arrows:"
            )
            st.button("Open a workshop", on_click=open_workshop, icon=":material/add:")
    else:
        st.write("As soon as a facilitator opens one, it appears here and you can vote on your own phone.")
    st.stop()


def day(instant: str) -> str:
    return settings.local_time(actor(), instant).strftime("%-d %B %Y")


if runs and not any(workshop.open for workshop in found):
    st.button("Open a workshop", key="workshop_open_next", on_click=open_workshop, icon=":material/add:")

titles = {workshop.id: workshop for workshop in found}
if len(found) > 1:
    chosen = st.selectbox(
        "Workshop",
        list(titles),
        format_func=lambda key: (
            f"{titles[key].title} ({day(titles[key].created_at)}{'' if titles[key].open else ', closed'})"
        ),
        key="workshop",
        bind="query-params",
    )
else:
    chosen = found[0].id
if chosen not in titles:
    chosen = found[0].id


def load(workshop_id: str) -> Workshop:
    """The workshop, read again only when its revision has moved."""
    revision = workshops.read_revision(actor(), workshop_id)
    kept = st.session_state.get("workshop_kept")
    if kept is None or kept.id != workshop_id or kept.revision != revision:
        kept = st.session_state["workshop_kept"] = workshops.read_workshop(actor(), workshop_id)
    return kept


def vote(proposal_id: str) -> None:
    choice = st.session_state.get(f"workshop_vote_{proposal_id}")
    if choice is not None:
        perform(
            "Your vote is in. You can change it until voting closes.", workshops.vote, proposal_id, choice
        )


def show_tallies(proposal: Proposal) -> None:
    with st.container(horizontal=True):
        for team in Team:
            tally = proposal.tallies.get(team, Tally())
            words = f"{tally.yes} yes, {tally.no} no, {tally.abstain} abstained"
            if not tally.counted:
                words = "carries it" if tally.carries else "does not carry it"
            st.badge(
                f"{team.label.capitalize()}: {words}",
                color=TEAM_COLOURS[team],
                icon=":material/check:" if tally.carries else ":material/close:",
            )


def show_wording(proposal: Proposal) -> None:
    st.markdown(f"**{plain(proposal.term_name)}:** {plain(proposal.text)}")
    if proposal.rule is not None:
        st.caption(f":material/rule: {describe_rule(proposal.rule)}")


def show_vote(proposal: Proposal, voters: dict[str, int]) -> None:
    show_wording(proposal)
    if workshops.may_vote(me):
        own = workshops.read_own_vote(actor(), proposal.id)
        key = f"workshop_vote_{proposal.id}"
        if key not in st.session_state and own is not None:
            st.session_state[key] = own
        st.segmented_control(
            "Your vote",
            list(CHOICES),
            format_func=lambda choice: ink(CHOICES[choice]),
            key=key,
            on_change=vote,
            args=(proposal.id,),
        )
    cast = ", ".join(
        f"{team.label} {proposal.tallies.get(team, Tally()).cast} of {voters[team.value]}" for team in Team
    )
    st.caption(
        f"Voted so far: {cast}. The result shows when voting closes, as totals of each team. It is agreed when more people say yes than no in **each** team."
    )
    if runs:
        with st.container(horizontal=True):
            voted = sum(tally.cast for tally in proposal.tallies.values())
            if voted >= sum(voters.values()):
                show_close(proposal)
            elif voted:
                with st.popover("Close the vote", key=f"workshop_closing_{proposal.id}"):
                    st.markdown(f"Only {voted} of {sum(voters.values())} people have voted.")
                    show_close(proposal)
            st.button(
                "Withdraw",
                key=f"workshop_withdraw_{proposal.id}",
                on_click=perform,
                args=("The proposal is withdrawn.", workshops.withdraw, proposal.id),
            )


def show_close(proposal: Proposal) -> None:
    st.button(
        "Close it now",
        key=f"workshop_close_{proposal.id}",
        type="primary",
        on_click=perform,
        args=("The vote is closed.", workshops.close_vote, proposal.id),
    )


def agenda_of(workshop: Workshop) -> workshops.Agenda:
    """Where the topics stand on the agenda and what they cost, read again only when the workshop or the leads have moved."""
    try:
        known = leads.read_revision(actor())
    except Refusal:  # without leads there is an agenda as well
        known = ""
    now = (workshop.id, workshop.revision, known)
    kept = st.session_state.get("workshop_agenda")
    if kept is None or kept[0] != now:
        kept = (now, workshops.read_agenda(actor(), workshop.id))
        st.session_state["workshop_agenda"] = kept
    return kept[1]


def answered_in(workshop: Workshop) -> dict[str, str]:
    """In which month the questionnaires closed that the topics come from: survey id → 'September 2025'."""
    kept = st.session_state.get("workshop_answered_in")
    if kept is None or kept[0] != (workshop.id, workshop.revision):
        asked = {topic.survey_id for topic in workshop.topics}
        months = {
            survey.id: settings.local_time(actor(), survey.closed_at).strftime("%B %Y")
            for survey in surveys.list_surveys(actor())
            if survey.id in asked and survey.closed_at
        }
        kept = ((workshop.id, workshop.revision), months)
        st.session_state["workshop_answered_in"] = kept
    return kept[1]


def show_order(workshop: Workshop, agenda: workshops.Agenda) -> None:
    """Offer the order of the agenda where the topics are in another one."""
    if not (runs and workshop.open):
        return
    if in_agenda_order(workshop.topics, agenda.places) == tuple(topic.id for topic in workshop.topics):
        return
    st.button(
        "Order by the leads they cost" if agenda.costs else "Order as in the comparison",
        key="workshop_order",
        icon=":material/sort:",
        help="Topics that are being discussed, parked or agreed, and your own, stay where they are.",
        on_click=perform,
        args=("The topics are in the order of the agenda.", workshops.order_by_agenda, workshop.id),
    )


def show_where_from(topic: Topic, cost: LeadsApart | None) -> None:
    """What the topic's disagreement costs in leads, and the way to the question it came from."""
    if not (topic.survey_id and topic.question_key):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if cost is not None and cost.differently:
            st.badge(
                f"{cost.differently:,} of {cost.judged:,} {leads_of(cost)} treated differently",
                icon=":material/filter_alt:",
                color="blue",
            )
        st.page_link(
            "pages/surveys/compared.py",
            label="How both teams answered",
            icon=":material/compare_arrows:",
            query_params={"survey": topic.survey_id, "question": topic.question_key},
        )


def show_topic(topic: Topic, workshop: Workshop, voters: dict[str, int], agenda: workshops.Agenda) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{topic.position}. {plain(topic.title)}**")
            if topic.state is TopicState.AGREED:
                st.badge("Agreed", icon=":material/handshake:", color="green")
            elif topic.state is TopicState.PARKED:
                st.badge("Parked", icon=":material/pause:", color="gray")
            elif topic.voting:
                st.badge("Voting now", icon=":material/how_to_vote:", color="violet")
        if topic.reason:
            month = answered_in(workshop).get(topic.survey_id or "")
            st.caption(plain(topic.reason) + (f" As answered in {month}." if month else ""))
        show_where_from(topic, agenda.costs.get(topic.id))
        for proposal in topic.proposals:
            if proposal.state is ProposalState.VOTING:
                show_vote(proposal, voters)
            elif proposal.state is not ProposalState.WITHDRAWN:
                show_wording(proposal)
                st.markdown(proposal.why())
                show_tallies(proposal)
        if topic.carried and topic.carried.drafted:
            st.page_link(
                "pages/definitions/glossary.py", label="See it in the glossary", icon=":material/menu_book:"
            )
        elif topic.carried and may(me, "definition:draft"):
            st.button(
                "Make it the next definition",
                key=f"workshop_draft_{topic.carried.id}",
                icon=":material/edit_document:",
                on_click=perform,
                args=(
                    "Drafted. Propose it for signature in the glossary.",
                    definitions.draft_from_proposal,
                    topic.carried.id,
                ),
            )
        if runs and workshop.open and not topic.voting and topic.state is not TopicState.AGREED:
            parked = topic.state is TopicState.PARKED
            st.button(
                "Take it up again" if parked else "Park",
                key=f"workshop_park_{topic.id}",
                icon=":material/play_arrow:" if parked else ":material/pause:",
                on_click=perform,
                args=(
                    "",
                    workshops.set_topic_state,
                    topic.id,
                    TopicState.OPEN if parked else TopicState.PARKED,
                ),
            )


@st.fragment(run_every=1.5)
def room(workshop_id: str) -> None:
    """The live part: everyone sees the same within two seconds or so."""
    show_outcome(until=workshop_id)
    with stop_on_refusal():
        workshop = load(workshop_id)
    topics = workshop.topics
    agreed = sum(topic.state is TopicState.AGREED for topic in topics)
    voting = sum(topic.voting is not None for topic in topics)
    if not topics:
        st.subheader(f"{plain(workshop.title)}, {day(workshop.created_at)}", anchor=False)
        st.write("No topic is on the table yet. A facilitator takes them over from the comparison.")
        return
    state = (
        f"{voting} being voted on now." if voting else ("" if workshop.open else "This workshop is closed.")
    )
    noun = "topic" if len(topics) == 1 else "topics"
    st.subheader(
        f"{plain(workshop.title)}, {day(workshop.created_at)}: {agreed} of {len(topics)} {noun} agreed. {state}",
        anchor=False,
    )
    voters = workshops.count_voters(actor())
    with stop_on_refusal():
        agenda = agenda_of(workshop)
    show_order(workshop, agenda)
    for topic in topics:
        show_topic(topic, workshop, voters, agenda)
    waiting = [topic.id for topic in topics if topic.state is TopicState.OPEN and not topic.voting]
    if st.session_state.get("workshop_waiting", waiting) != waiting and runs:
        st.session_state["workshop_waiting"] = waiting
        st.rerun()
    st.session_state["workshop_waiting"] = waiting


def typical_rules_of(topic: Topic) -> dict[Team, Rule | None]:
    """What each team typically asks of a lead, by the question that the topic came from; empty where it tells none."""
    if not (topic.survey_id and topic.question_key):
        return {}
    try:
        found = comparison.compare_survey(actor(), topic.survey_id)
    except Refusal:
        return {}
    compared = next((one for one in found.questions if one.question.key == topic.question_key), None)
    return dict(compared.typical_rules) if compared is not None and not compared.hidden else {}


def in_conditions(rule: Rule) -> dict[str, Any]:
    """The rule's document; of a single condition as a list of one, so that the editor shows it as conditions."""
    document = to_document(rule)
    if "field" not in document:
        return document
    return {
        "version": document["version"],
        "all": [{key: value for key, value in document.items() if key != "version"}],
    }


def offer_typical_rules(topic: Topic, month: str) -> Team | None:
    """What both teams typically ask, each to start the proposal's rule from. The team whose rule was taken, if any."""
    rules = typical_rules_of(topic)
    if not any(rules.values()):
        return None
    taken = f"workshop_start_{topic.id}"
    st.markdown("**What each team typically asks**" + (f", as answered in {month}" if month else ""))
    for team, rule in rules.items():
        with st.container(horizontal=True, vertical_alignment="center"):
            asks = f"a lead qualifies if {sentence(rule)}." if rule else "nothing that most of them share."
            st.markdown(plain(f"{team.label.capitalize()}: {asks}"), width="stretch")
            if rule is not None:
                st.button(
                    "Start from it",
                    key=f"workshop_start_{topic.id}_{team.value}",
                    icon=":material/rule:",
                    help=f"Puts the rule of {team.label} into the form, to be changed there.",
                    disabled=st.session_state.get(taken) == team,
                    on_click=lambda team=team: st.session_state.update({taken: team}),
                )
    found: Team | None = st.session_state.get(taken)
    return found if found is not None and rules.get(found) else None


room(chosen)

workshop = titles[chosen]
if runs and workshop.open:
    with stop_on_refusal():
        current = workshops.read_workshop(actor(), chosen)
        glossary = definitions.read_glossary(actor())
    free = {
        topic.id: topic for topic in current.topics if topic.state is TopicState.OPEN and not topic.voting
    }
    st.subheader("Put a wording to the vote", anchor=False)
    if not free:
        st.caption("Every topic is agreed, parked or being voted on. Add one below.")
    else:
        topic_id = st.selectbox(
            "Topic", list(free), format_func=lambda key: free[key].title, key="workshop_propose_topic"
        )
        terms = {entry.term.key: entry for entry in glossary}
        term_key = st.selectbox(
            "Which term does it define?",
            list(terms),
            index=list(terms).index("mql"),
            format_func=lambda key: terms[key].term.name,
            key="workshop_propose_term",
        )
        base = terms[term_key].in_force
        text = st.text_area(
            "Wording that both teams could sign",
            value=base.text if base else "",
            max_chars=4000,
            key=f"workshop_propose_text_{term_key}",
        )
        start = offer_typical_rules(
            free[topic_id], answered_in(current).get(free[topic_id].survey_id or "", "")
        )
        if start is None:
            rule = edit_rule(f"workshop_propose_{term_key}", base.rule if base else None)
        else:
            typical = typical_rules_of(free[topic_id])[start]
            # a key of its own: the editor keeps what was begun from another rule
            rule = edit_rule(
                f"workshop_propose_{term_key}_{topic_id}_{start.value}",
                None if typical is None else in_conditions(typical),
            )

        # not in a callback: that would be the one of an earlier run, without what was typed last
        if st.button("Open the vote", type="primary", icon=":material/how_to_vote:", key="workshop_propose"):
            perform(
                "The vote is open.",
                lambda acting: workshops.propose(acting, topic_id, term_key, text, rule.finished()),
            )
            st.rerun()
    with st.expander("Add a topic or end the workshop"):
        st.text_input("Topic", max_chars=300, key="workshop_topic_title")

        def add_topic() -> None:
            title = st.session_state["workshop_topic_title"]
            if perform("The topic is on the table.", workshops.add_topic, chosen, title=title):
                st.session_state["workshop_topic_title"] = ""

        with st.container(horizontal=True):
            st.button("Add the topic", key="workshop_topic_add", on_click=add_topic)
            sure = st.checkbox("All is said; end it", key="workshop_end_sure")
            st.button(
                "End the workshop",
                key="workshop_end",
                disabled=not sure,
                on_click=perform,
                args=("The workshop is closed. What was agreed stays.", workshops.close_workshop, chosen),
            )
