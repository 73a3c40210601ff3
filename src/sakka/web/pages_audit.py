"""The queue of an audit's findings: looked at kind by kind, decided one by one or several at once, opened again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Path, Query, Request, Response
from pydantic import Field
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse

from sakka.audit.decisions import Decision, key_of
from sakka.catalog.works import Work
from sakka.pages.audit import CSV_FILE, cost_of_looking, findings_csv
from sakka.pages.dossier import dossier_sentence, dossier_words
from sakka.pages.evidence_sentences import evidence_sentence
from sakka.pages.language import Texts, texts_in
from sakka.pages.timeline import Strip, timeline_strip
from sakka.search.filters import Filters
from sakka.web.downloads import csv_download
from sakka.web.engine import Engine
from sakka.web.language import language_of
from sakka.web.problems import Problem
from sakka.web.view import Leaf, Start, View

PAGE_FINDINGS = 12
SIDE_WORKS = 4
MOST_AT_ONCE = 48
State = Literal["open", "later", "decided"]
STATES: tuple[State, ...] = get_args(State)
Kind = Annotated[str, Query(max_length=40)]
Keys = Annotated[list[Annotated[str, Field(max_length=16)]], Form(min_length=1, max_length=MOST_AT_ONCE)]


@dataclass(frozen=True)
class Side:
    """Works that a finding is looked at by, beside others.

    Attributes:
        heading: What they have in common; empty where nothing need be said.
        works: The works.
    """

    heading: str
    works: tuple[Work, ...]


class AuditPages:
    """The pages of the findings over an engine."""

    def __init__(self, engine: Engine, view: View) -> None:
        self.engine, self.view = engine, view

    def add_to(self, router: APIRouter, hidden: dict[str, Any]) -> None:
        """Add the routes; `hidden` is what keeps a page out of the schema."""

        @router.get("/audit", **hidden)
        async def audit(request: Request, kind: Kind = "", start: Start = 0, state: State = "open") -> HTMLResponse:
            texts = texts_in(language_of(request))
            values = await self.engine.ask(lambda: self._values(texts, kind, start, state))
            return self.view.page(request, "audit.html", **values)

        @router.get("/audit.csv", **hidden)
        async def table(request: Request) -> Response:
            texts = texts_in(language_of(request))
            return csv_download(CSV_FILE, findings_csv(self.engine.findings, texts, self.engine.decisions))

        @router.get("/audit/{key}", **hidden)
        async def dossier(request: Request, key: Annotated[str, Path(max_length=16)]) -> HTMLResponse:
            return self._dossier(request, key)

        @router.post("/audit", **hidden)
        async def decide(
            request: Request,
            finding: Keys,
            decision: Annotated[Literal["confirmed", "dismissed", "later", "open"], Form()],
            kind: Annotated[str, Form(max_length=40)] = "",
            start: Annotated[int, Form(ge=0, le=10_000_000)] = 0,
            state: Annotated[State, Form()] = "open",
        ) -> Response:
            self._decide(finding, None if decision == "open" else decision)
            if "application/json" in request.headers.get("accept", ""):
                return JSONResponse({"decided": len(finding)})
            back = {"kind": kind, "start": start, "state": "" if state == "open" else state}
            return RedirectResponse(f"/audit?{urlencode({name: each for name, each in back.items() if each})}", 303)

    def _values(self, texts: Texts, kind: str, start: int, state: State) -> dict[str, Any]:
        """What the page of a kind of findings in a state shows."""
        every = self.engine.findings
        states = {each: [found for found in every if self._state(found) == each] for each in STATES}
        kinds = dict.fromkeys((found["kind"] for found in every), 0)
        for found in states[state]:
            kinds[found["kind"]] += 1
        first = next((each for each, count in kinds.items() if count), next(iter(kinds), ""))
        chosen = kind if kind in kinds else first
        of_kind = [each for each in states[state] if each["kind"] == chosen]
        rates = [each.get("error_rate") for each in of_kind] if state == "open" else []
        start = min(start, max(0, len(of_kind) - 1) // PAGE_FINDINGS * PAGE_FINDINGS)  # the last may just be decided
        return {
            "kinds": kinds,
            "kind": chosen,
            "state": state,
            "states": {each: sum(found["kind"] == chosen for found in found_in) for each, found_in in states.items()},
            "findings": [self._shown(each, texts) for each in of_kind[start : start + PAGE_FINDINGS]],
            "cost": cost_of_looking(chosen, rates, texts),
            "leaf": Leaf(start, PAGE_FINDINGS, len(of_kind)),
            "can_decide": self.engine.decisions is not None and self.engine.decisions.can_be_written,
        }

    def _decision(self, finding: Mapping[str, Any]) -> Decision | None:
        return None if self.engine.decisions is None else self.engine.decisions.of(finding)

    def _state(self, finding: Mapping[str, Any]) -> State:
        decision = self._decision(finding)
        return "open" if decision is None else "later" if decision == "later" else "decided"

    def _dossier(self, request: Request, key: str) -> HTMLResponse:
        dossier = self._found(key).get("dossier")
        if dossier is None:
            raise Problem(404, "the finding has no dossier; open the list again")
        works = [self.engine.work(each) for each in dossier["works"]]
        sides = list(zip(works, dossier["photos"], strict=True))
        words = dossier_words(dossier, texts_in(language_of(request)))
        return self.view.page(request, "dossier.html", words=words, sides=sides)

    def _shown(self, finding: dict[str, Any], texts: Texts) -> dict[str, Any]:
        shown = {
            "key": key_of(finding),
            "decision": self._decision(finding),
            "strip": self._strip(finding),
            "verdict": dossier_sentence(finding["dossier"], texts) if "dossier" in finding else "",
            "because": [evidence_sentence(each, texts) for each in finding["evidence"]],
            "sides": self._sides(finding, texts),
        }
        return {**finding, **shown}

    def _sides(self, finding: Mapping[str, Any], texts: Texts) -> list[Side]:
        """The works that a finding is about, beside those that they are compared with."""
        works, beside = ([self.engine.work(each) for each in finding[side]] for side in ("works", "beside"))
        creators = finding["creators"]
        if finding["kind"] == "wrong creator":
            own, other = (self._nearest(works[0], creator) for creator in (creators[0], creators[-1]))
            sides = [(texts("side_work"), works), (creators[0], own), (creators[-1], other or beside)]
        elif finding["kind"] == "handover":
            sides = [(texts("side_before"), works), (texts("side_after"), beside)]
        elif beside:
            sides = [(creators[0], works), (creators[-1], beside)]
        else:
            sides = [(each, [work for work in works if work.creator == each]) for each in creators]
        return [Side(heading, tuple(shown[:SIDE_WORKS])) for heading, shown in sides if shown]

    def _nearest(self, work: Work, creator: str) -> Sequence[Work]:
        """The works of a creator that are nearest to a work in style, without itself; else the first of them."""
        if self.engine.finder is not None:
            try:
                found = self.engine.finder.similar(work.id, SIDE_WORKS, Filters(creators=(creator,)))
                return [hit.work for hit in found]
            except Problem:  # nothing in the work that the index could compare
                pass
        works = self.engine.collection.works_of(creator, 0, SIDE_WORKS + 1)
        return [each for each in works if each.id != work.id]

    def _strip(self, finding: dict[str, Any]) -> Strip | None:
        timeline = finding.get("timeline")
        if timeline is None:
            return None
        dates = self.engine.collection.catalog_of(timeline["works"]).table["created_at"].to_list()
        return timeline_strip(dates, timeline["positions"], timeline["after"])

    def _decide(self, keys: Sequence[str], decision: Decision | None) -> None:
        found = [self._found(key) for key in dict.fromkeys(keys)]
        if self.engine.decisions is None:
            raise Problem(404, "the audit has no such finding; open the list again")
        self.engine.decisions.decide(found, decision)

    def _found(self, key: str) -> dict[str, Any]:
        found = next((each for each in self.engine.findings if key_of(each) == key), None)
        if found is None:
            raise Problem(404, "the audit has no such finding; open the list again")
        return found
