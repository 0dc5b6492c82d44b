"""What the API answers with when something cannot be done."""

from typing import Any

from fastapi.responses import JSONResponse

NO_STORE = {"Cache-Control": "no-store"}
REFUSAL = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string", "description": "What is wrong, and what to change."}},
    "additionalProperties": False,
}


class Refused(Exception):
    """The request goes no further: a status and a sentence."""

    def __init__(self, status: int, text: str, **headers: str) -> None:
        """`headers` with underscores for dashes."""
        super().__init__(text)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def refusal(status: int, text: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The answer that says what is wrong."""
    return JSONResponse({"error": text}, status_code=status, headers={**NO_STORE, **(headers or {})})


def described(text: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    """An answer as the API's description has it."""
    return {"description": text, "content": {"application/json": {"schema": schema or REFUSAL}}}
