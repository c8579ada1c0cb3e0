"""FastAPI's hello world with one field in and one out, served as the API is: `python -m benchmarks.hello PORT`."""

import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from lab.service.server import config
from lab.settings import get_settings


class Asked(BaseModel):
    """What comes in."""

    query: str


class Said(BaseModel):
    """What goes out."""

    message: str


app = FastAPI()


@app.get("/hello")
async def ready() -> Said:
    """It answers."""
    return Said(message="Hello World")


@app.post("/hello")
async def hello(asked: Asked) -> Said:
    """The measured one."""
    return Said(message="Hello World")


if __name__ == "__main__":
    uvicorn.Server(config(app, get_settings(), "127.0.0.1", int(sys.argv[1]))).run()
