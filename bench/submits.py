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

"""The bare loop: signed submissions of bodies made beforehand, one ``requests.Session`` per thread.

``python -m bench.submits --threads 2 --count 1000 --form FORM --sample FILE``, in a process of its own like
the worker; ``WCS_URL``, ``WCS_ORIG`` and ``WCS_SECRET`` from the environment. Prints seconds, then seconds of
processor.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from publik_socialmedia.wcs.signature import sign_url


def main() -> None:
    parser = argparse.ArgumentParser(prog='python -m bench.submits')
    parser.add_argument('--threads', type=int, required=True)
    parser.add_argument('--count', type=int, required=True)
    parser.add_argument('--form', required=True)
    parser.add_argument('--sample', type=Path, required=True, help='JSON of one submission')
    options = parser.parse_args()
    sample = json.loads(options.sample.read_text())
    bodies = iter([_body(sample) for _ in range(options.count)])
    address = f'{os.environ["WCS_URL"]}api/formdefs/{options.form}/submit'
    lock, failures = threading.Lock(), list[BaseException]()
    threads = [
        threading.Thread(target=_submit_all, args=(address, bodies, lock, failures))
        for _ in range(options.threads)
    ]
    begun, used = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    print(time.perf_counter() - begun, time.process_time() - used)


def _body(sample: dict[str, Any]) -> dict[str, Any]:
    body = copy.deepcopy(sample)
    body['data'] |= {'cle': uuid.uuid4().hex, 'identifiant': uuid.uuid4().hex}
    return body


def _submit_all(
    address: str, bodies: Iterator[dict[str, Any]], lock: threading.Lock, failures: list[BaseException]
) -> None:
    orig, secret = os.environ['WCS_ORIG'], os.environ['WCS_SECRET']
    with requests.Session() as session:
        session.trust_env = False  # looking for proxies and .netrc at each call would flatter us
        while True:
            with lock:
                body = next(bodies, None)
            if body is None:
                return
            try:
                answer = session.post(sign_url(address, orig=orig, secret=secret), json=body, timeout=60)
                answer.raise_for_status()
                assert answer.json()['err'] == 0
            except BaseException as error:
                failures.append(error)
                return


if __name__ == '__main__':
    main()
