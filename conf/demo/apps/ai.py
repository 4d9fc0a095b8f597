# SPDX-License-Identifier: Apache-2.0
"""The app of the family `ai`: documents, questions about them, and texts.

It is small but real: documents are kept in memory, a question finds those with the most words in common, and a text comes from a
template instead of a model. The guard in front of it decides who may use what: see conf/demo-families.conf.
"""
import itertools
import re
import time
from collections import deque
from typing import Deque, Dict, List, Optional

from fastapi import Depends, FastAPI
from identity import Person, person
from pydantic import BaseModel, Field

app = FastAPI(title="Documents and texts")
started = time.monotonic()

MOST_DOCUMENTS = 1000
documents: Deque[Dict] = deque(maxlen=MOST_DOCUMENTS)  # the oldest is dropped
numbers = itertools.count(1)


class NewDocument(BaseModel):
    text: str = Field(min_length=1, max_length=20_000)
    title: Optional[str] = Field(default=None, max_length=200)


class Question(BaseModel):
    query: str = Field(min_length=1, max_length=2_000)
    top_k: int = Field(default=3, ge=1, le=20)


class Prompt(BaseModel):
    prompt: str = Field(min_length=1, max_length=4_000)


COMMON_WORDS = frozenset("a an and are as at be by do does for from has have how i in is it of on or that the this to was what when where which who why with you".split())


def words_of(text: str) -> frozenset:
    return frozenset(re.findall(r"\w+", text.lower())) - COMMON_WORDS


def find(query: str, most: int) -> List[Dict]:
    asked = words_of(query)
    scored = [(len(asked & one["words"]), one) for one in documents]
    hits = sorted((pair for pair in scored if pair[0]), key=lambda pair: (-pair[0], pair[1]["id"]))
    return [{"id": one["id"], "title": one["title"], "text": one["text"], "score": round(score / len(asked), 3)} for score, one in hits[:most]]


@app.post("/rag/add_document")
async def add_document(new: NewDocument, who: Person = Depends(person)) -> Dict:
    number = next(numbers)
    documents.append({"id": number, "title": new.title or f"Document {number}", "text": new.text, "words": words_of(new.text), "added_by": who.id})
    return {"status": "added", "id": number, "documents": len(documents)}


@app.post("/rag/rag_query")
async def rag_query(question: Question, who: Person = Depends(person)) -> Dict:
    hits = find(question.query, question.top_k)
    answer = hits[0]["text"] if hits else "No document is about that."
    return {"answer": answer, "sources": hits, "asked_by": who.name}


@app.post("/llm/generate")
async def generate(prompt: Prompt, who: Person = Depends(person)) -> Dict:
    words = re.findall(r"\w+", prompt.prompt)
    topic = max(words, key=len) if words else "nothing"
    return {"text": f"{who.name}, here are three thoughts about {topic}: what it is, what it costs, and who needs it.", "words_read": len(words)}


@app.get("/rag/secure-info")
async def secure_info(who: Person = Depends(person)) -> Dict:
    return {"message": f"Hello {who.name}, only people who are signed in see this.", "id": who.id, "roles": who.roles}


@app.get("/admin/health")
async def health(who: Person = Depends(person)) -> Dict:
    return {"status": "ok", "documents": len(documents), "seconds": round(time.monotonic() - started, 1), "asked_by": who.name}
