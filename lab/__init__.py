"""The lab behind the workbook: services, engine, RAG pipeline and exercises. Importing it loads nothing heavy."""

__version__ = "0.1.0"  # here and not in the package's metadata: images copy the code and install nothing
