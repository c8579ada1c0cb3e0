"""Ollama's HTTP API over llama.cpp, for a machine without Ollama."""
