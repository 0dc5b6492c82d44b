"""The language in which somebody reads a questionnaire that comes in several."""

import streamlit as st

from alignment.questionnaires import Questionnaire

_CHOSEN = "answering_language"
_NAMES = {
    "ar": "العربية", "bg": "Български", "cs": "Čeština", "da": "Dansk", "de": "Deutsch", "el": "Ελληνικά", "en": "English",
    "es": "Español", "et": "Eesti", "fi": "Suomi", "fr": "Français", "he": "עברית", "hr": "Hrvatski", "hu": "Magyar",
    "it": "Italiano", "ja": "日本語", "ko": "한국어", "lt": "Lietuvių", "lv": "Latviešu", "nb": "Norsk bokmål",
    "nl": "Nederlands", "no": "Norsk", "pl": "Polski", "pt": "Português", "ro": "Română", "ru": "Русский",
    "sk": "Slovenčina", "sl": "Slovenščina", "sv": "Svenska", "tr": "Türkçe", "uk": "Українська", "zh": "中文",
}  # fmt: skip


def choose_language(questionnaire: Questionnaire) -> str:
    """The code of the language to show; with a choice on the screen where there are several.

    At first it is the browser's, if the questionnaire has it; a choice is remembered for all questionnaires.
    """
    languages = questionnaire.languages
    if len(languages) == 1:
        return questionnaire.language
    wanted = best_language(languages, st.session_state.get(_CHOSEN) or st.context.locale or "")
    st.session_state["answer_language"] = wanted

    def remember() -> None:
        st.session_state[_CHOSEN] = st.session_state["answer_language"]

    chosen = st.selectbox(
        "Language",
        languages,
        format_func=name_of,
        key="answer_language",
        on_change=remember,
        label_visibility="collapsed",
        width=150,
    )
    return str(chosen or wanted)


def best_language(languages: tuple[str, ...], wanted: str) -> str:
    """Of `languages` the one that is `wanted` ('de-AT'), else one of the same tongue, else the first."""
    tongue = wanted.lower().split("-")[0]
    for code in languages:
        if code.lower() == wanted.lower():
            return code
    return next((code for code in languages if code.lower().split("-")[0] == tongue), languages[0])


def name_of(code: str) -> str:
    """A language's own name for itself; its code where it is not known here."""
    tongue, _, region = code.partition("-")
    name = _NAMES.get(tongue.lower(), code)
    return f"{name} ({region})" if region and name != code else name
