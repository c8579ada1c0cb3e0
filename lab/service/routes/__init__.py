"""The routes, one module for each group."""

from fastapi import APIRouter

from lab.service.routes import probes, rag, tasks

router = APIRouter()
for group in (rag, tasks, probes):
    router.include_router(group.router)
