# SPDX-License-Identifier: Apache-2.0
"""The app of the family `assessment`: recruiters write tests, candidates take them and may ask for help, recruiters see the results.

It is small but real: everything is kept in memory, and the helper's words come from a template instead of a model. The guard in front
of it decides who may use what: see conf/demo-families.conf.
"""
import itertools
import re
from collections import OrderedDict
from typing import Dict, List, Optional

from fastapi import Depends, FastAPI, HTTPException, WebSocket, WebSocketDisconnect
from identity import Person, person
from pydantic import BaseModel, Field

app = FastAPI(title="Assessments")

MOST_KEPT = 1000
numbers = itertools.count(2)
templates: "OrderedDict[int, Dict]" = OrderedDict()
templates[1] = {"id": 1, "title": "A first test", "questions": ["Reverse a list.", "Explain what a hash table is."], "made_by": None}
sessions: "OrderedDict[str, Dict]" = OrderedDict()  # by the id of the candidate, the latest session of each


class NewSession(BaseModel):
    template_id: Optional[int] = None


class NewTemplate(BaseModel):
    title: str = Field(min_length=1, max_length=200)
    questions: List[str]


class Prompt(BaseModel):
    prompt: str = Field(min_length=1, max_length=4_000)


def keep(kept: OrderedDict, key, value: Dict) -> Dict:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > MOST_KEPT:
        kept.popitem(last=False)
    return value


def hint(text: str) -> str:
    words = re.findall(r"\w+", text)
    topic = max(words, key=len) if words else "that"
    return f"Start with the smallest case of {topic}, then ask what changes when there is one more."


def session_of(who: Person) -> Dict:
    if who.id not in sessions:
        raise HTTPException(404, "No session has been started")
    return sessions[who.id]


@app.post("/api/v1/candidate/session", status_code=201)
async def start_session(new: NewSession, who: Person = Depends(person)) -> Dict:
    number = new.template_id if new.template_id is not None else next(reversed(templates))
    if number not in templates:
        raise HTTPException(404, "There is no such test")
    template = templates[number]
    return keep(sessions, who.id, {"session_id": next(numbers), "candidate": who.name, "template_id": number, "title": template["title"],
                                   "questions": template["questions"], "prompts": 0, "messages": 0})


@app.get("/api/v1/candidate/session")
async def show_session(who: Person = Depends(person)) -> Dict:
    return session_of(who)


@app.post("/api/v1/candidate/llm-prompt")
async def llm_prompt(prompt: Prompt, who: Person = Depends(person)) -> Dict:
    session = session_of(who)
    session["prompts"] += 1
    return {"response": hint(prompt.prompt), "prompts": session["prompts"]}


@app.websocket("/api/v1/candidate/ws/chat")
async def chat(socket: WebSocket, who: Person = Depends(person)) -> None:
    await socket.accept()
    await socket.send_json({"from": "helper", "text": f"Hello {who.name}. What are you thinking about?"})
    try:
        while True:
            text = (await socket.receive_text())[:4_000]
            if who.id in sessions:
                sessions[who.id]["messages"] += 1
            await socket.send_json({"from": "helper", "text": hint(text)})
    except WebSocketDisconnect:
        pass


@app.post("/api/v1/recruiter/test-template", status_code=201)
async def add_template(new: NewTemplate, who: Person = Depends(person)) -> Dict:
    if not 1 <= len(new.questions) <= 20:
        raise HTTPException(422, "A test has 1 to 20 questions")
    number = next(numbers)
    return keep(templates, number, {"id": number, "title": new.title, "questions": new.questions, "made_by": who.name})


@app.get("/api/v1/recruiter/test-template")
async def list_templates(who: Person = Depends(person)) -> Dict:
    return {"items": list(templates.values()), "shown_to": who.name}


@app.get("/api/v1/recruiter/results")
async def results(who: Person = Depends(person)) -> Dict:
    keys = ("session_id", "candidate", "title", "prompts", "messages")
    return {"items": [{key: one[key] for key in keys} for one in sessions.values()], "shown_to": who.name}
