"""The lab behind the workbook: services, engine, RAG pipeline and exercises. Importing it loads nothing heavy."""
