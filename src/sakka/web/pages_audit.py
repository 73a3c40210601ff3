"""The queue of an audit's findings: looked at kind by kind, decided, and opened again."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Query, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from sakka.audit.decisions import Decision, key_of
from sakka.pages.audit import cost_of_looking
from sakka.pages.dossier import dossier_sentence, dossier_words
from sakka.pages.language import Texts, texts_in
from sakka.pages.timeline import Strip, timeline_strip
from sakka.web.engine import Engine
from sakka.web.language import language_of
from sakka.web.problems import Problem
from sakka.web.view import Leaf, Start, View

PAGE_FINDINGS = 12
Kind = Annotated[str, Query(max_length=40)]


class AuditPages:
    """The pages of the findings over an engine."""

    def __init__(self, engine: Engine, view: View) -> None:
        self.engine, self.view = engine, view

    def add_to(self, router: APIRouter, hidden: dict[str, Any]) -> None:
        """Add the routes; `hidden` is what keeps a page out of the schema."""

        @router.get("/audit", **hidden)
        async def audit(request: Request, kind: Kind = "", start: Start = 0, decided: bool = False) -> HTMLResponse:
            return self._page(request, kind, start, decided)

        @router.get("/audit/{key}", **hidden)
        async def dossier(request: Request, key: Annotated[str, Path(max_length=16)]) -> HTMLResponse:
            return self._dossier(request, key)

        @router.post("/audit", **hidden)
        async def decide(
            finding: Annotated[str, Form(max_length=16)],
            decision: Annotated[Literal["right", "wrong", "open"], Form()],
            kind: Annotated[str, Form(max_length=40)] = "",
            start: Annotated[int, Form(ge=0, le=10_000_000)] = 0,
            decided: Annotated[bool, Form()] = False,
        ) -> Response:
            self._decide(finding, None if decision == "open" else decision)
            back = {"kind": kind, "start": start, "decided": int(decided)}
            return RedirectResponse(f"/audit?{urlencode({name: each for name, each in back.items() if each})}", 303)

    def _page(self, request: Request, kind: str, start: int, decided: bool) -> HTMLResponse:
        listed = [each for each in self.engine.findings if (self._decision(each) is not None) == decided]
        kinds = dict.fromkeys(dict.fromkeys(found["kind"] for found in self.engine.findings), 0)
        for found in listed:
            kinds[found["kind"]] += 1
        chosen = (
            kind if kind in kinds else next((each for each, count in kinds.items() if count), next(iter(kinds), ""))
        )
        of_kind = [each for each in listed if each["kind"] == chosen]
        rates = [] if decided else [each.get("error_rate") for each in of_kind]
        texts = texts_in(language_of(request))
        start = min(start, max(0, len(of_kind) - 1) // PAGE_FINDINGS * PAGE_FINDINGS)  # the last may just be decided
        values: dict[str, Any] = {
            "kinds": kinds,
            "kind": chosen,
            "decided": decided,
            "others": len(self.engine.findings) - len(listed),
            "findings": [self._shown(each, texts) for each in of_kind[start : start + PAGE_FINDINGS]],
            "cost": cost_of_looking(chosen, rates, texts),
            "leaf": Leaf(start, PAGE_FINDINGS, len(of_kind)),
            "can_decide": self.engine.decisions is not None and self.engine.decisions.can_be_written,
        }
        return self.view.page(request, "audit.html", **values)

    def _decision(self, finding: dict[str, Any]) -> Decision | None:
        return None if self.engine.decisions is None else self.engine.decisions.of(finding)

    def _dossier(self, request: Request, key: str) -> HTMLResponse:
        dossier = self._found(key).get("dossier")
        if dossier is None:
            raise Problem(404, "the finding has no dossier; open the list again")
        works = [self.engine.work(each) for each in dossier["works"]]
        sides = list(zip(works, dossier["photos"], strict=True))
        words = dossier_words(dossier, texts_in(language_of(request)))
        return self.view.page(request, "dossier.html", words=words, sides=sides)

    def _shown(self, finding: dict[str, Any], texts: Texts) -> dict[str, Any]:
        sides = {side: [self.engine.work(each) for each in finding[side]] for side in ("works", "beside")}
        shown = {
            "key": key_of(finding),
            "decision": self._decision(finding),
            "strip": self._strip(finding),
            "verdict": dossier_sentence(finding["dossier"], texts) if "dossier" in finding else "",
        }
        return {**finding, **sides, **shown}

    def _strip(self, finding: dict[str, Any]) -> Strip | None:
        timeline = finding.get("timeline")
        if timeline is None:
            return None
        dates = self.engine.collection.catalog_of(timeline["works"]).table["created_at"].to_list()
        return timeline_strip(dates, timeline["positions"], timeline["after"])

    def _decide(self, key: str, decision: Decision | None) -> None:
        found = self._found(key)
        if self.engine.decisions is None:
            raise Problem(404, "the audit has no such finding; open the list again")
        self.engine.decisions.decide(found, decision)

    def _found(self, key: str) -> dict[str, Any]:
        found = next((each for each in self.engine.findings if key_of(each) == key), None)
        if found is None:
            raise Problem(404, "the audit has no such finding; open the list again")
        return found
