"""The routes, one module for each group."""

from fastapi import APIRouter

from lab.service.routes import documents, probes, query, rag, tasks

router = APIRouter()
for group in (rag, query, documents, tasks, probes):
    router.include_router(group.router)
