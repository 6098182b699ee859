"""How a law is cited that policies name, but that is no legal basis of theirs: `gdpr.5.1.b`, `ilov.7`."""

from __future__ import annotations

from exchange.model.catalogue import Text

_ACTS = {"fvl": "Forvaltningsloven", "ilov": "Indkomstregisterloven"}


def citation(name: str) -> Text:
    """Cites a provision by its identifier; an act that is not known here is left as it is written."""
    act, *parts = name.split(".")
    if act == "gdpr" and parts:
        article, *deeper = parts
        en = "".join(f"({part})" for part in deeper)
        da = "".join(f", {'stk.' if part.isdecimal() else 'litra'} {part}" for part in deeper)
        return Text(f"GDPR article {article}{en}", f"Databeskyttelsesforordningens artikel {article}{da}")
    if act in _ACTS and parts:
        section = f"{_ACTS[act]} § {', stk. '.join(parts)}"
        return Text(section, section)
    return Text(name, name)


def web_address(url: str) -> str:
    """The address of a law's page, or nothing where it is none of the web: policies' data is not trusted."""
    return url if url.startswith(("https://", "http://")) else ""
