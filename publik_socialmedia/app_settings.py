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

"""Settings of the plugin, one property each, read at each use: a tenant's may differ from another's.

All are optional, and all have the prefix ``PUBLIK_SOCIALMEDIA_`` in Django's settings; a variable of Hobo
named ``SETTING_PUBLIK_SOCIALMEDIA_ENABLED`` sets the first one for a tenant. Durations are in seconds.

    from publik_socialmedia.app_settings import app_settings
    app_settings.GROUPING_DELAY
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

PREFIX = 'PUBLIK_SOCIALMEDIA_'
MEBIBYTE = 1024 * 1024
DAY = 24 * 3600


class AppSettings:
    """Typed view of Django's settings."""

    def _get(self, name: str, default: Any) -> Any:
        return getattr(settings, PREFIX + name, default)

    @property
    def ENABLED(self) -> bool:
        """Whether the tenant uses the channel. Variables of Hobo are text: « true », « 1 », « yes », « on »
        and « oui » mean yes, whatever the case; all else means no."""
        value = self._get('ENABLED', False)
        if isinstance(value, str):
            return value.strip().lower() in ('true', '1', 'yes', 'on', 'oui')
        return bool(value)

    @property
    def BASE_URL(self) -> str:
        """Address of this site as w.c.s., the networks and the agents' browsers see it, without final slash,
        for the addresses that we give them. Default: what the host platform says of this tenant
        (``SITE_BASE_URL``, else the tenant's domain, by https); '' if nothing says it, and a system check
        warns."""
        url = self._get('BASE_URL', '') or getattr(settings, 'SITE_BASE_URL', '')
        domain = getattr(getattr(connection, 'tenant', None), 'domain_url', '')
        return str(url or (f'https://{domain}' if domain else '')).rstrip('/')

    @property
    def ENCRYPTION_KEYS(self) -> tuple[str, ...]:
        """Secret phrases that encrypt credentials and raw bodies. The first one encrypts, all may decrypt: to
        change it, put a new one in front, run ``socialmedia_rotate_keys``, then drop the old one. Without
        any, ``SECRET_KEY`` is used, and a system check warns about it."""
        keys = self._get('ENCRYPTION_KEYS', ())
        if isinstance(keys, str):
            keys = [keys]
        return tuple(key for key in keys if key) or (settings.SECRET_KEY,)

    @property
    def PRIVATE_STORAGE(self) -> Path:
        """Folder of the attachments that wait for w.c.s. Never under ``MEDIA_ROOT``, which the web server of
        Publik gives to everyone (a system check refuses it). Default: ``socialmedia`` in the tenant's
        folder if there are tenants, else in ``BASE_DIR``, else in the working folder."""
        folder = self._get('PRIVATE_STORAGE', None)
        if folder:
            return Path(folder)
        tenant = getattr(connection, 'tenant', None)
        if tenant is not None and hasattr(tenant, 'get_directory'):
            return Path(tenant.get_directory()) / 'socialmedia'
        return Path(getattr(settings, 'BASE_DIR', '.')) / 'socialmedia'

    @property
    def PRIVATE_STORAGE_SHARED(self) -> bool:
        """Whether several tenants keep their attachments in one folder: none knows which are its own."""
        return bool(self._get('PRIVATE_STORAGE', None)) and hasattr(connection, 'tenant')

    @property
    def TRUSTED_HOSTS(self) -> frozenset[str]:
        """``host:port`` for which http and private addresses are allowed. For the tests and the
        demonstration only, whose servers are on the loopback: a system check warns about it."""
        return frozenset(self._get('TRUSTED_HOSTS', ()))

    @property
    def API_URLS(self) -> Mapping[str, str]:
        """Network's slug → base URL that replaces the network's own, for emulators. For the tests and the
        demonstration only."""
        urls: Mapping[str, str] = self._get('API_URLS', {})
        return urls

    @property
    def GRAPH_VERSION(self) -> str:
        """Version of Meta's Graph API that is asked for: each one lives about two years."""
        return str(self._get('GRAPH_VERSION', 'v26.0'))

    @property
    def WCS(self) -> Mapping[str, Mapping[str, str]]:
        """w.c.s. sites besides those of ``KNOWN_SERVICES['wcs']``, in the same shape:
        ``{slug: {'title': …, 'url': …, 'orig': …, 'secret': …}}``."""
        sites: Mapping[str, Mapping[str, str]] = self._get('WCS', {})
        return sites

    @property
    def GROUPING_DELAY(self) -> int:
        """How long the messages of a person are waited for after the first one, to make one demand of a
        sentence, another and a photo. 0: no wait."""
        return int(self._get('GROUPING_DELAY', 60))

    @property
    def REOPEN_DAYS(self) -> int:
        """A message that comes less than this many days after the demand was closed opens it again; later,
        it makes a new demand linked to the former one."""
        return int(self._get('REOPEN_DAYS', 15))

    @property
    def LEASE(self) -> int:
        """How long a worker owns what it has claimed. Longer than any single call it makes: another worker
        takes over after it."""
        return int(self._get('LEASE', 120))

    @property
    def RETRY_BASE(self) -> float:
        """Wait before the second try; doubled at each try, up to ``RETRY_CAP``, with some randomness."""
        return float(self._get('RETRY_BASE', 5))

    @property
    def RETRY_CAP(self) -> float:
        """Longest wait between two tries."""
        return float(self._get('RETRY_CAP', 3600))

    @property
    def RETRY_LIMIT(self) -> float:
        """After this long without success, a delivery is blocked: kept and shown, an administrator can
        start it again."""
        return float(self._get('RETRY_LIMIT', 3 * DAY))

    @property
    def OUTCOME_WAIT(self) -> float:
        """How long a request of unknown outcome may still be carried out by the other side: only after it
        does « it is not there » mean that it can be sent again."""
        return float(self._get('OUTCOME_WAIT', 60))

    @property
    def SEND_OUTCOME_WAIT(self) -> float:
        """Seconds before we look on the network for an answer whose sending had an unknown outcome: its
        echo may come meanwhile, and lists of messages are not always up to date at once."""
        return float(self._get('SEND_OUTCOME_WAIT', 20))

    @property
    def WCS_TIMEOUT(self) -> float:
        """How long w.c.s. may take to answer: its workflow's actions run inside the request."""
        return float(self._get('WCS_TIMEOUT', 40))

    @property
    def NETWORK_TIMEOUT(self) -> float:
        """How long the API of a network may take to answer."""
        return float(self._get('NETWORK_TIMEOUT', 20))

    @property
    def MAX_BODY(self) -> int:
        """Largest body of a webhook, in bytes; over it the answer is 413."""
        return int(self._get('MAX_BODY', 4 * MEBIBYTE))

    @property
    def MAX_MEDIA(self) -> int:
        """Largest attachment, in bytes."""
        return int(self._get('MAX_MEDIA', 25 * MEBIBYTE))

    @property
    def MAX_MEDIA_COUNT(self) -> int:
        """Number of attachments of a message that are fetched; the others are only mentioned."""
        return int(self._get('MAX_MEDIA_COUNT', 20))

    @property
    def RAW_RETENTION_DAYS(self) -> int:
        """How many days the bodies received are kept, once they are read, to be read again if need be."""
        return int(self._get('RAW_RETENTION_DAYS', 30))

    @property
    def QUARANTINE_DAYS(self) -> int:
        """The same for bodies that could not be read, or not whole: they may hold messages that are nowhere
        else, and a later version may read them."""
        return int(self._get('QUARANTINE_DAYS', 90))

    @property
    def MEDIA_RETENTION_DAYS(self) -> int:
        """How many days an attachment waits here for w.c.s., or for a network, that does not take it."""
        return int(self._get('MEDIA_RETENTION_DAYS', 30))

    @property
    def CONVERSATION_RETENTION_MONTHS(self) -> int:
        """How many months after its demand is closed a conversation is kept here; then it is erased."""
        return int(self._get('CONVERSATION_RETENTION_MONTHS', 12))

    @property
    def JOURNAL_RETENTION_MONTHS(self) -> int:
        """How many months the journal of what administrators did is kept."""
        return int(self._get('JOURNAL_RETENTION_MONTHS', 12))

    @property
    def PROOF_RETENTION_MONTHS(self) -> int:
        """How many months the proof that a person was erased is kept; it does not say who."""
        return int(self._get('PROOF_RETENTION_MONTHS', 60))

    @property
    def TOMBSTONE_DAYS(self) -> int:
        """How many days the hash of an erased id is kept, so that nothing brings it back: at least as long as
        networks redeliver (7 days) and as bodies are kept."""
        return max(int(self._get('TOMBSTONE_DAYS', 30)), self.RAW_RETENTION_DAYS)

    @property
    def PANEL_CLOSED_DAYS(self) -> int:
        """How many days after a demand is closed its page in w.c.s. still shows the conversation."""
        return int(self._get('PANEL_CLOSED_DAYS', 30))

    @property
    def PANEL_IDLE_DAYS(self) -> int:
        """After how many days without a word a demand no longer shows the conversation, even an open one."""
        return int(self._get('PANEL_IDLE_DAYS', 365))

    @property
    def PANEL_EARLIER(self) -> bool:
        """Whether a demand shows the messages of the same person's earlier demands too. No, where demands of
        one person go to agents who must not read each other's."""
        return bool(self._get('PANEL_EARLIER', True))

    @property
    def LINK_DAYS(self) -> int:
        """How many days a citizen has to confirm that a conversation is theirs, by the link they are sent."""
        return int(self._get('LINK_DAYS', 7))

    @property
    def HOLIDAYS(self) -> str:
        """Region whose public holidays are kept besides the common ones: one of ``workdays.REGIONS``
        (« alsace-moselle », « reunion »…); '' = none."""
        return str(self._get('HOLIDAYS', '')).strip().lower()

    @property
    def REGISTRATION_WORKDAYS(self) -> int:
        """Working days to tell that a request is registered (CRPA R112-11-1)."""
        return int(self._get('REGISTRATION_WORKDAYS', 1))

    @property
    def RECEIPT_WORKDAYS(self) -> int:
        """Working days to acknowledge a request (CRPA R112-11-1)."""
        return int(self._get('RECEIPT_WORKDAYS', 10))

    @property
    def SILENCE_MONTHS(self) -> int:
        """Months after which silence is an answer (CRPA L231-1, L231-4)."""
        return int(self._get('SILENCE_MONTHS', 2))

    @property
    def WINDOW_WARNING(self) -> int:
        """How long before the end of the time to answer a demand that waits for an answer is told so."""
        return int(self._get('WINDOW_WARNING', 4 * 3600))

    @property
    def ACKNOWLEDGEMENT_INTERVAL(self) -> int:
        """Between two automatic first answers to one person, whatever the number of demands: what answers by
        itself may be talking to something that answers by itself."""
        return int(self._get('ACKNOWLEDGEMENT_INTERVAL', DAY))

    @property
    def SERVICES(self) -> Mapping[str, str]:
        """Services of Publik that may read our statistics besides those of ``KNOWN_SERVICES``: the name under
        which each signs (its host) → the secret that it shares with us."""
        services: Mapping[str, str] = self._get('SERVICES', {})
        return services

    @property
    def ALERT_RECIPIENTS(self) -> tuple[str, ...]:
        """E-mail addresses that are warned of what is wrong: a list, or a text with commas. Default: the
        staff who have changed something of the account, else all staff."""
        value = self._get('ALERT_RECIPIENTS', ())
        words = value.split(',') if isinstance(value, str) else value
        return tuple(word.strip() for word in words if word.strip())

    @property
    def METRICS_TOKEN(self) -> str:
        """What Prometheus must show (``Authorization: Bearer …``) to read ``/api/socialmedia/metrics/``. ''
        (the default): these figures are not given."""
        return str(self._get('METRICS_TOKEN', ''))


app_settings = AppSettings()
