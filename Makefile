# Thin on purpose: makes the virtual environment, then calls `lab`. `make` alone prints this help.
PYTHON ?= python3
LAB := .venv/bin/lab
.DEFAULT_GOAL := help
.PHONY: help setup up down status logs test bench clean

help: ## print this help
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: ## make or mend the virtual environment in .venv
	@$(PYTHON) lab/bootstrap.py

up: setup ## start the lab and print JupyterLab's address (OPEN=0: only print)
	@$(LAB) up

down: setup ## stop the lab; documents, models and progress stay
	@$(LAB) down

status: setup ## what runs where
	@$(LAB) status

logs: setup ## the last lines that each service wrote
	@$(LAB) logs

test: setup ## prove that everything works, notebooks included
	@$(LAB) test

bench: setup ## measure the lab, as ratios inside one run
	@$(LAB) bench

clean: ## stop the lab and remove .venv and caches; documents, models and progress stay
	@if [ -x $(LAB) ]; then $(LAB) down; fi
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -not -path './.lab/*' -prune -exec rm -rf {} +
