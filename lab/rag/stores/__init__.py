"""Vector stores: one module each, all behind LangChain's VectorStore interface and the few things that it leaves out."""
