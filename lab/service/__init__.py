"""The RAG API: `lab.rag` over HTTP."""
