"""The routes, one module for each group."""

from lab.service.routes import documents, probes, query, rag, tasks

# In one flat list, what is asked most first: `include_router` would look into each router for each request, which costs a third of
# what FastAPI needs for an answer.
routes = [route for group in (query, rag, documents, tasks, probes) for route in group.router.routes]
