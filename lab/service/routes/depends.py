"""What routes are handed: made once, with the application."""

from typing import Annotated

from fastapi import Depends, Request

from lab.service.pipelines import Pipelines
from lab.settings import Settings


def _pipelines(request: Request) -> Pipelines:
    pipelines: Pipelines = request.app.state.pipelines
    return pipelines


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


Lent = Annotated[Pipelines, Depends(_pipelines)]
Given = Annotated[Settings, Depends(_settings)]
