"""The version of Ollama's API that the engine speaks, marked as not being Ollama itself."""

VERSION = "0.33.0+lab"
