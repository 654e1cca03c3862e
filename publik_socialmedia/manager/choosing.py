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

"""The step « Form of w.c.s. »: which site, which form, what it is told, installing ours (R40, R23)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from publik_socialmedia import errors, health
from publik_socialmedia.delivery import queue
from publik_socialmedia.manager import journal
from publik_socialmedia.manager.fields import AccessibleForm
from publik_socialmedia.manager.steps import Frame, step
from publik_socialmedia.models import Account, Delivery
from publik_socialmedia.networks.base import Problem
from publik_socialmedia.reasons import sentence
from publik_socialmedia.wcs import bundle, installation
from publik_socialmedia.wcs.client import Client, Form, Role, Schema, parse_element
from publik_socialmedia.wcs.sites import Site, default_site, site_for, sites

# messages are received all the same: said, and mended in w.c.s. later
LATER = frozenset(
    (
        'wcs_hook_open',
        'wcs_function_unset',
        'wcs_role_outside',
        'wcs_status_renamed',
        'wcs_workflow_differs',
    )
)
# what ``wcs.mapping.form_values`` gives, in the order of a form
TOLD = (
    'reseau', 'compte', 'nom', 'identifiant', 'lien', 'objet', 'message', 'pieces_jointes', 'recu_le', 'cle',
    'dernier_message', 'dernier_message_id', 'dernier_message_le', 'nombre_messages', 'repondre_avant',
    'limite', 'langue', 'modele', 'adresse_service', 'date_enregistrement', 'date_accuse', 'date_silence',
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A value that we have, and the field of the form that takes it."""

    varname: str
    label: str
    field: str  # '' = the form has none: it is not sent


class FormChoice(AccessibleForm):
    def __init__(self, site: Site, known: list[Form], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(item.slug, _label(item)) for item in known]
        self.fields['form'] = forms.ChoiceField(
            label=_('Form'),
            help_text=_('Read from « %s »: the forms that are enabled there.') % site.title,
            choices=choices,
        )


class RoleChoice(AccessibleForm):
    def __init__(self, known: list[Role], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(role.slug, role.name) for role in known if role.backoffice]
        self.fields['role'] = forms.ChoiceField(
            label=_('Role that receives the demands'),
            help_text=_('Its holders see the demands in w.c.s.; it can be changed there.'),
            choices=[('', _('choose later, in w.c.s.')), *choices],
            required=False,
        )


def _label(item: Form) -> str:
    return f'{item.title} ({item.category})' if item.category else item.title


@step('form')
def form(frame: Frame) -> HttpResponse:
    """GET ``?site=``, ``?form=``: look at them. POST: « install », or « choose »."""
    problems: list[Problem] = []
    given = frame.request.POST if frame.request.method == 'POST' else frame.request.GET
    slug = given.get('site', frame.account.wcs_site)
    try:
        site = site_for(slug)
        client = Client(site)
        if 'install' in frame.request.POST:
            problems += _install(frame, client)
        known = client.forms()
        roles = client.roles()
    except errors.SocialMediaError as error:
        said = [*problems, Problem(error.reason, sentence(error.reason))]
        return frame.show('form.html', problems=said, sites=_sites(slug), away=True)
    choice = FormChoice(
        site, known, given if 'choose' in given else None, initial={'form': _first(frame, known)}
    )
    if 'choose' in frame.request.POST and choice.is_valid():
        problems, warnings = _choose(frame, site, choice.cleaned_data['form'])
        if not problems:
            for warning in warnings:
                messages.warning(frame.request, warning.message)
            return frame.finish(_('The form is chosen.'))
    return frame.show(
        'form.html',
        problems=problems,
        sites=_sites(site.slug),
        choice=choice,
        has_forms=bool(known),
        roles=RoleChoice(roles, auto_id='role_%s'),
        installed=any(item.slug == bundle.FORM for item in known),
        preview=_preview(client, given.get('form') or _first(frame, known)),
    )


def _sites(slug: str) -> list[tuple[str, str, bool]]:
    """Slug, title, whether it is looked at; [] if there is nothing to choose."""
    known = sites()
    current = slug or (default_site().slug if known else '')
    return (
        [(item.slug, item.title, item.slug == current) for item in known.values()] if len(known) > 1 else []
    )


def _first(frame: Frame, known: list[Form]) -> str:
    """The form to show first: the one chosen, else ours."""
    slugs = [item.slug for item in known]
    wanted = [frame.account.form, bundle.FORM, *slugs]
    return next((slug for slug in wanted if slug in slugs), '')


def _install(frame: Frame, client: Client) -> list[Problem]:
    """Import our form and workflow; what is left to do, or why it failed."""
    role = frame.request.POST.get('role', '')
    try:
        done = installation.install(client, role)
    except installation.InstallationFailed as failure:
        return [Problem('wcs_refused', str(failure))]
    journal.record(frame.request, 'install', frame.account, version=done.version, site=client.site.slug)
    messages.success(frame.request, _('The form and the workflow are installed in %s.') % client.site.title)
    return [health.wcs_problem(finding) for finding in done.findings]


def _choose(frame: Frame, site: Site, slug: str) -> tuple[list[Problem], list[Problem]]:
    """Keep the choice if messages can reach that form; what keeps them from it, and what else is wrong."""
    account = frame.account
    former = {'wcs_site': account.wcs_site, 'form': account.form}
    account.wcs_site, account.form = site.slug, slug
    found = list(health.wcs_problems(account))
    blocking = [item for item in found if item.reason not in LATER]
    if blocking:
        account.wcs_site, account.form = former['wcs_site'], former['form']
        if account.form:
            list(health.wcs_problems(account))  # what was said of the other form is not of this one
        return blocking, []
    account.save(update_fields=['wcs_site', 'form'])
    if former != {'wcs_site': account.wcs_site, 'form': slug}:
        journal.record(frame.request, 'form', account, form=slug, site=site.slug, former=former['form'])
    _let_go(account)
    return [], found


def _let_go(account: Account) -> None:
    """What waited for a form leaves now."""
    queue.resume(account, Delivery.Lane.WCS, 'wcs_form_missing')
    blocked = Delivery.objects.filter(
        conversation__account=account, state=Delivery.State.BLOCKED, reason='wcs_form_missing'
    )
    queue.replay(blocked)


def _preview(client: Client, slug: str) -> list[Line]:
    """What the form would be told, by the identifiers of its fields; [] if it cannot be read."""
    if not slug:
        return []
    try:
        schema = client.schema(slug)
    except errors.SocialMediaError:
        return []
    return [Line(varname, label, _field(schema, varname)) for varname, label in _values().items()]


def _field(schema: Schema, varname: str) -> str:
    found = schema.fields.get(varname) or schema.workflow_fields.get(varname)
    return found.label or varname if found else ''


def _values() -> dict[str, str]:
    """Varname → label, as our own form and workflow word it, of what opens a demand (``mapping``)."""
    labels: dict[str, str] = {}
    for element in bundle.elements():
        if element.type in ('forms', 'workflows'):
            for field in parse_element(element.xml).iter('field'):
                labels.setdefault(field.findtext('varname') or '', field.findtext('label') or '')
    return {name: labels.get(name) or name for name in TOLD}
