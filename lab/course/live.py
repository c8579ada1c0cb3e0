"""A widget of a notebook that shows something anew: at a click, or by itself while its box is ticked."""

import threading
from typing import Any

from ipywidgets import Button, Checkbox, HBox, VBox, Widget

PERIOD = 5.0  # seconds between two looks of its own
LONGEST = 600.0  # seconds; a forgotten widget goes quiet then


class Live(VBox):
    """Calls `refresh` of the class that builds on it. Its `repr` is the text where widgets cannot be shown."""

    def __init__(self, shown: list[Widget], tooltip: str):
        self._stop = threading.Event()
        button = Button(description="Refresh", icon="refresh", tooltip=tooltip)
        button.on_click(lambda _: self.refresh())
        self._auto = Checkbox(description=f"Refresh every {PERIOD:g} seconds", indent=False)
        self._auto.observe(self._switch, names="value")
        super().__init__([HBox([button, self._auto]), *shown])
        self.refresh()

    def refresh(self) -> None:
        """Reads and shows."""
        raise NotImplementedError

    def _switch(self, change: dict[str, Any]) -> None:
        self._stop.set()  # the thread before, if any
        if change["new"]:
            self._stop = threading.Event()
            threading.Thread(target=self._keep_fresh, args=(self._stop,), daemon=True).start()

    def _keep_fresh(self, stop: threading.Event) -> None:
        for _ in range(int(LONGEST / PERIOD)):
            if stop.wait(PERIOD) or self.comm is None:  # switched off, or the widget was closed
                return
            self.refresh()
        self._auto.value = False

    def close(self) -> None:
        """Stops the refreshing with the widget."""
        self._stop.set()
        super().close()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The widget's own bundle, with the whole text: ipywidgets cuts it after 110 characters."""
        return {**super()._repr_mimebundle_(**kwargs), "text/plain": repr(self)}
