# publik_socialmedia - private messages of social networks as w.c.s. demands
# Copyright (C) 2026  publik_socialmedia contributors
#
# This program is free software: you can redistribute it and/or modify it
# under the terms of the GNU Affero General Public License as published
# by the Free Software Foundation, either version 3 of the License, or
# (at your option) any later version.
#
# This program is distributed in the hope that it will be useful,
# but WITHOUT ANY WARRANTY; without even the implied warranty of
# MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the
# GNU Affero General Public License for more details.
#
# You should have received a copy of the GNU Affero General Public License
# along with this program.  If not, see <http://www.gnu.org/licenses/>.

"""The HTML of the pages, in Django's template language: every value is escaped."""

from __future__ import annotations

_HEAD = """<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
body { font: 16px/1.5 sans-serif; margin: 0; color: #222; background: #f4f5f7; }
header { background: #1d3557; color: #fff; padding: .8rem 1.5rem; }
header a { color: #fff; }
main { padding: 1rem 1.5rem; }
table { border-collapse: collapse; width: 100%; background: #fff; }
th, td { border-bottom: 1px solid #d5d9e0; padding: .4rem .6rem; text-align: left; vertical-align: top; }
td { overflow-wrap: break-word; font-size: .9rem; }
.status { display: inline-block; border-left: .8rem solid #999; padding-left: .4rem; }
section { background: #fff; padding: .5rem 1rem 1rem; margin-bottom: 1rem; }
dt { font-weight: bold; }
dd { margin: 0 0 .5rem; white-space: pre-wrap; overflow-wrap: anywhere; }
ol { list-style: none; padding: 0; }
ol > li { border-left: 4px solid #457b9d; padding-left: 1rem; margin-bottom: 1rem; }
img { max-width: 16rem; max-height: 12rem; display: block; }
.errornotice { border-left: .4rem solid #c00; padding-left: .6rem; }
.warningnotice { border-left: .4rem solid #e80; padding-left: .6rem; }
.infonotice { border-left: .4rem solid #36c; padding-left: .6rem; }
label { display: block; font-weight: bold; }
.locked { color: #a4161a; font-weight: bold; }
button { font: inherit; padding: .3rem .8rem; }
</style>
</head>
<body>
<header><strong>Démarches</strong> (remplaçant de w.c.s.) – <a href="/">Toutes les demandes</a></header>
<main>
"""
_FOOT = '</main></body></html>'
_FILES = """{% for file in files %}
<p class="file"><a href="{{ file.url }}">{{ file.name }}{% if file.image %}
<img src="{{ file.url }}" alt="">{% endif %}</a></p>
{% endfor %}"""

LIST = (
    _HEAD.replace('{{ title }}', '{{ form.name }}')
    + """<h1>{{ form.name }}</h1>
<p>{{ total }} demande{{ total|pluralize }}.</p>
<table>
<thead><tr><th scope="col">N°</th><th scope="col">Canal</th><th scope="col">Statut</th>
{% for label in labels %}<th scope="col">{{ label }}</th>{% endfor %}
<th scope="col">Créée le</th><th scope="col">Mise à jour le</th></tr></thead>
<tbody>
{% for row in rows %}<tr>
<td><a href="/backoffice/management/{{ form.slug }}/{{ row.number }}/">1-{{ row.number }}</a></td>
<td>{{ row.channel }}</td>
<td><span class="status" style="border-color: {{ row.status.colour }}">{{ row.status.name }}</span>
{% if row.locked %}<span class="locked">actions en cours</span>{% endif %}</td>
{% for value in row.values %}<td>{{ value }}</td>{% endfor %}
<td>{{ row.received }}</td><td>{{ row.updated }}</td>
</tr>{% endfor %}
</tbody>
</table>
"""
    + _FOOT
)

_VALUES = (
    '<dl>{% for field in shown %}{% if field.value or field.files %}<dt>{{ field.label }}</dt>'
    '<dd>{{ field.value }}{% with files=field.files %}'
    + _FILES
    + '{% endwith %}</dd>{% endif %}{% endfor %}</dl>'
)

# texts of the workflow are HTML: they escape what they insert
_SCREEN = """{% if screen.error %}<div class="errornotice">{{ screen.error }}</div>{% endif %}
{% if screen.buttons %}
<form method="post" action="{{ target }}" enctype="multipart/form-data" id="wf-actions">
<input type="hidden" name="_ts" value="{{ screen.stamp }}">
{% for input in screen.inputs %}<p class="widget"><label for="{{ input.name }}">{{ input.item.label }}</label>
{% if input.item.hint %}<small>{{ input.item.hint }}</small>{% endif %}
{% if input.item.type == 'text' %}<textarea id="{{ input.name }}" name="{{ input.name }}" rows="6" cols="60">
{{ input.value }}</textarea>
{% elif input.item.type == 'file' %}<input type="file" id="{{ input.name }}" name="{{ input.name }}">
{% elif input.item.type == 'item' %}<select id="{{ input.name }}" name="{{ input.name }}"><option></option>
{% for key, text in input.choices %}<option value="{{ key }}">{{ text }}</option>{% endfor %}</select>
{% else %}<input type="text" id="{{ input.name }}" name="{{ input.name }}" value="{{ input.value }}">
{% endif %}</p>
{% endfor %}
{% for name, label in screen.buttons %}
<button name="button" value="{{ name }}">{{ label }}</button>
{% endfor %}
</form>{% endif %}"""

BUTTON = (
    _HEAD.replace('{{ title }}', '{{ name }} - demande 1-{{ demand.number }}')
    + """<h1>{{ name }} - demande 1-{{ demand.number }}</h1>
<section>"""
    + _SCREEN
    + '</section>'
    + _FOOT
)

DENIED = (
    _HEAD.replace('{{ title }}', 'Accès interdit')
    + '<h1>Accès interdit</h1><p>Vous n’avez pas les permissions pour accéder à cette page.</p>'
    + _FOOT
)

DEMAND = (
    _HEAD.replace('{{ title }}', 'Demande 1-{{ demand.number }}')
    + """<h1>Demande 1-{{ demand.number }}</h1>
<section>
<p><span class="status" style="border-color: {{ status.colour }}">{{ status.name }}</span>
{% if locked %}<span class="locked">actions en cours</span>{% endif %}
{% if demand.anonymised %}<strong>anonymisée</strong>{% endif %}</p>
<p>Canal : {{ channel }}. Reçue le {{ received }}.</p>
{% for level, text in screen.messages %}<div class="{{ level }}notice">{{ text|safe }}</div>{% endfor %}
</section>
<section><h2>Demande</h2>
{% with shown=fields %}"""
    + _VALUES
    + """{% endwith %}</section>
<section><h2>Suivi</h2>
{% with shown=workflow_fields %}"""
    + _VALUES
    + """{% endwith %}</section>
{% if context %}<section><h2>Contexte</h2><dl>
{% for key, value in context %}<dt>{{ key }}</dt><dd>{{ value }}</dd>{% endfor %}
</dl></section>{% endif %}
<section><h2>Historique</h2>
<ol>
{% for entry in history %}<li>
<p><span class="status" style="border-color: {{ entry.status.colour }}">{{ entry.status.name }}</span>
– {{ entry.time }}</p>
{% with files=entry.files %}"""
    + _FILES
    + """{% endwith %}
{% for comment in entry.comments %}{{ comment|safe }}{% endfor %}
</li>{% endfor %}
</ol>
</section>
<section><h2>Actions</h2>"""
    + _SCREEN
    + '</section>'
    + _FOOT
)
