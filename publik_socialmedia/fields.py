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

"""Model fields encrypted at rest, and the keyed hash of what was erased.

Values are encrypted by Fernet (AES-128-CBC and HMAC-SHA256) with the keys of the setting
``ENCRYPTION_KEYS``: the first one encrypts, all of them decrypt. Columns are ``bytea`` and hold Fernet's
token. No look-up is possible on such a field but ``isnull``.

A value that no key opens raises ``ConfigurationError('encryption_key')``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.conf import settings
from django.db import connection, models

from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.errors import ConfigurationError

COMPRESSED_OVER = 1024  # bytes

# A serialised value (dumpdata) is the token, never the clear value.
SERIALISED = 'fernet:'


class Secrets(dict[str, Any]):
    """A dictionary that is not shown by mistake, in a log or an error page."""

    def __repr__(self) -> str:
        return '<secret>'


class SecretBytes(bytes):
    """Bytes that are not shown by mistake."""

    def __repr__(self) -> str:
        return f'<secret, {len(self)} bytes>'

    __str__ = __repr__


@lru_cache(maxsize=64)
def _fernets(keys: tuple[str, ...]) -> tuple[Fernet, ...]:
    return tuple(Fernet(base64.urlsafe_b64encode(_derive(key, 'encryption'))) for key in keys)


@lru_cache(maxsize=64)
def _multi_fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet(_fernets(keys))


@lru_cache(maxsize=64)
def _derive(key: str, purpose: str) -> bytes:
    """32 bytes: keys for two purposes never are the same, though they come from one phrase."""
    return hmac.new(key.encode(), f'publik_socialmedia {purpose}'.encode(), hashlib.sha256).digest()


def encrypt(value: bytes) -> bytes:
    """Fernet's token (ASCII) of ``value``, with the first key."""
    return _multi_fernet(app_settings.ENCRYPTION_KEYS).encrypt(value)


def decrypt(token: bytes) -> bytes:
    """Contrary of ``encrypt``, with any of the keys; ConfigurationError if none fits."""
    try:
        return _multi_fernet(app_settings.ENCRYPTION_KEYS).decrypt(token)
    except InvalidToken:
        raise ConfigurationError(
            'encryption_key', detail='no key of PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS opens a stored value'
        ) from None


def keyed_hash(*parts: str) -> str:
    """HMAC-SHA256 of the parts, in hexadecimal: tells an erased id again without keeping it (R52).

    The key comes from ``SECRET_KEY``, not from ``ENCRYPTION_KEYS``: those are rotated, and what they
    encrypt is encrypted again, which a hash cannot be. Parts are kept apart: ('ab', 'c') is not ('a', 'bc').
    """
    digest = hmac.new(_derive(settings.SECRET_KEY, 'tombstones'), digestmod=hashlib.sha256)
    for part in parts:
        data = part.encode('utf-8', 'surrogatepass')
        digest.update(len(data).to_bytes(8, 'big') + data)
    return digest.hexdigest()


class _EncryptedField(models.BinaryField):  # type: ignore[type-arg]
    """Common to both: what differs is how a value becomes bytes."""

    def _to_bytes(self, value: Any) -> bytes:
        raise NotImplementedError

    def _from_bytes(self, data: bytes) -> Any:
        raise NotImplementedError

    def get_prep_value(self, value: Any) -> bytes | None:
        return None if value is None else encrypt(self._to_bytes(value))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else self._from_bytes(decrypt(bytes(value)))

    def get_lookup(self, lookup_name: str) -> Any:
        # A token differs at each encryption: comparing would never match, and must be an error.
        return super().get_lookup(lookup_name) if lookup_name == 'isnull' else None

    def get_transform(self, lookup_name: str) -> Any:
        return None

    def value_to_string(self, obj: models.Model) -> str:
        token = self.get_prep_value(self.value_from_object(obj))
        return '' if token is None else SERIALISED + token.decode()

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith(SERIALISED):
            return self._from_bytes(decrypt(value.removeprefix(SERIALISED).encode()))
        return value


class EncryptedJSONField(_EncryptedField):
    """Anything that JSON can say; an object comes back as ``Secrets``. NUL and lone surrogates are safe."""

    description = 'JSON, encrypted'
    # An empty object is a value, and BinaryField takes no default but bytes.
    empty_values = (None,)

    def _to_bytes(self, value: Any) -> bytes:
        return json.dumps(value, separators=(',', ':')).encode()

    def _from_bytes(self, data: bytes) -> Any:
        value = json.loads(data)
        return Secrets(value) if isinstance(value, dict) else value

    def get_default(self) -> Any:
        return self.default() if callable(self.default) else super().get_default()


class EncryptedBinaryField(_EncryptedField):
    """Any bytes; they come back as ``SecretBytes``.

    What is long is compressed first, quickly: a batch of a thousand webhooks then costs less to encrypt and
    to store than it did in clear. The first byte says which it is.
    """

    description = 'Bytes, encrypted'

    def _to_bytes(self, value: Any) -> bytes:
        data = bytes(value)
        return b'\x01' + zlib.compress(data, 1) if len(data) > COMPRESSED_OVER else b'\x00' + data

    def _from_bytes(self, data: bytes) -> SecretBytes:
        return SecretBytes(zlib.decompress(data[1:]) if data[:1] == b'\x01' else data[1:])


def encrypted_fields() -> Iterator[tuple[type[models.Model], models.Field[Any, Any]]]:
    """The encrypted columns of the plugin's tables."""
    for model in apps.get_app_config('publik_socialmedia').get_models():
        for field in model._meta.local_fields:
            if isinstance(field, _EncryptedField):
                yield model, field


def rotate(model: type[models.Model], field: models.Field[Any, Any], *, batch: int = 200) -> Iterator[int]:
    """Encrypt a column again with the first key, where another one was used.

    Yields the number of rows changed, batch after batch, each committed: may be stopped and started again.
    No row is held while it is encrypted: one that was written meanwhile is read again. The primary key is a
    number above 0. ConfigurationError if no key opens a row; it is left as it is.
    """
    primary_key = model._meta.pk
    assert field.column and primary_key is not None and primary_key.column
    quote = connection.ops.quote_name
    table, column, key = quote(model._meta.db_table), quote(field.column), quote(primary_key.column)
    page = f'SELECT {key}, {column} FROM {table} WHERE {key} > %s ORDER BY {key} LIMIT %s'  # noqa: S608
    again = f'SELECT {key}, {column} FROM {table} WHERE {key} = ANY(%s)'  # noqa: S608
    update = f"""
        UPDATE {table} AS stored SET {column} = fresh.value
          FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[]) AS fresh (key, former, value)
         WHERE stored.{key} = fresh.key AND stored.{column} = fresh.former
     RETURNING fresh.key"""  # noqa: S608
    last = 0
    while rows := _fetch(page, [last, batch]):
        changed, last = 0, rows[-1][0]
        while stale := [(pk, bytes(value)) for pk, value in rows if value and not _is_current(bytes(value))]:
            keys, values = zip(*stale, strict=True)
            fresh = [encrypt(decrypt(value)) for value in values]
            done = {pk for (pk,) in _fetch(update, [list(keys), list(values), fresh])}
            changed += len(done)
            rows = _fetch(again, [[pk for pk in keys if pk not in done]])
        yield changed


def _fetch(query: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


def _is_current(token: bytes) -> bool:
    try:
        _fernets(app_settings.ENCRYPTION_KEYS)[0].decrypt(token)
    except InvalidToken:
        return False
    return True
