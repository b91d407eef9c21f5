"""What is wrong with a scene."""


class SceneError(ValueError):
    """A scene cannot be read or played as it is written."""
