"""What the theme of the site lacks: names of its parts in French, tables that the keyboard reaches.

It is called by Sphinx (``conf.py``), page by page, and needs nothing but Python.
"""

from __future__ import annotations

import re

# words of the theme, which it says in English whatever the language
FRENCH = {
    '"Toggle Light / Dark / Auto color theme"': '"Couleurs : claires, sombres ou automatiques"',
    '"Toggle site navigation sidebar"': '"Liste des pages"',
    '"Toggle table of contents sidebar"': '"Dans cette page"',
    '>Toggle site navigation sidebar<': '>Liste des pages<',
    '>Toggle table of contents sidebar<': '>Dans cette page<',
    '>Toggle Light / Dark / Auto color theme<': '>Couleurs : claires, sombres ou automatiques<',
    '>Skip to content<': '>Aller au contenu<',
    '<span>Next</span>': '<span>Page suivante</span>',
    '<span>Previous</span>': '<span>Page précédente</span>',
    '<div class="title">Home</div>': '<div class="title">Accueil</div>',
    'Please activate JavaScript to enable the search functionality.': 'Activez JavaScript pour chercher.',
    '<title>Contents</title>': '<title>Sommaire</title>',
    '>Back to top<': '>Haut de la page<',
}
PLACES = {
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="Liste des pages">',
    '<aside class="toc-drawer': '<aside aria-label="Sommaire de la page" class="toc-drawer',
    '<div class="table-wrapper': '<div tabindex="0" role="group" aria-label="Tableau" class="table-wrapper',
    '<pre>': '<pre tabindex="0">',
    '<div id="search-results">': '<h1>Recherche</h1>\n<div id="search-results">',
}
TOGGLE = re.compile(r'aria-label="Toggle navigation of ([^"]*)"')
ON_THIS_PAGE = re.compile(r'(toc-title">\s*)On this page')
EMPTY_HEADER = re.compile(r'<th class="head">(<p></p>)?</th>')
MADE_WITH = re.compile(r'Made with\s+<a href="https://www.sphinx-doc.org/">Sphinx</a>.*?Furo</a>', re.DOTALL)


def finish(html: str) -> str:
    """The page, as it is published."""
    for english, french in {**FRENCH, **PLACES}.items():
        html = html.replace(english, french)
    html = TOGGLE.sub(r'aria-label="Pages sous : \1"', html)
    html = ON_THIS_PAGE.sub(r'\1Dans cette page', html)
    html = EMPTY_HEADER.sub('<td class="head"></td>', html)
    return MADE_WITH.sub('Fait avec Sphinx et Furo', html)
