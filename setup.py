#! /usr/bin/env python3
"""Packaging in the manner of Publik's bricks: version from VERSION or git, translations compiled."""

import os
import subprocess
from pathlib import Path

import setuptools
from setuptools import Command, find_packages, setup
from setuptools.command.build import build as _build
from setuptools.command.install_lib import install_lib as _install_lib
from setuptools.command.sdist import sdist

HERE = Path(__file__).parent.resolve()
LICENSE = 'AGPL-3.0-or-later'
# the name of the licence as PEP 639 has it; Debian's setuptools is older
licensed = 'license_expression' if int(setuptools.__version__.split('.')[0]) >= 77 else 'license'


class eo_sdist(sdist):
    """Source archive with a VERSION file, since it has no git history."""

    def run(self):
        version_file = HERE / 'VERSION'
        # An archive made again from an archive keeps the VERSION it came with.
        written_here = not version_file.exists()
        if written_here:
            version_file.write_text(get_version())
        try:
            super().run()
        finally:
            if written_here:
                version_file.unlink()


def get_version():
    """Version from VERSION, else from ``git describe``, else ``0.0.postN`` (N commits)."""
    version_file = HERE / 'VERSION'
    if version_file.exists():
        return version_file.read_text().strip()
    if not (HERE / '.git').exists():
        return '0.0'
    described = _git('describe', '--dirty=.dirty', '--match=v*')
    if not described:
        return f'0.0.post{_git("rev-list", "--count", "HEAD") or 0}'
    version = described.removeprefix('v')
    if '-' not in version:
        return version.replace('.dirty', '+dirty')
    released, commits, commit = version.split('-', 2)
    return f'{released}.post{commits}+{commit}'


def _git(*args):
    result = subprocess.run(['git', *args], cwd=HERE, capture_output=True, text=True, check=False)
    return result.stdout.strip() if result.returncode == 0 else ''


class compile_translations(Command):
    description = 'compile message catalogs to .mo files'
    user_options = []

    def initialize_options(self):
        pass

    def finalize_options(self):
        pass

    def run(self):
        for catalog in sorted(HERE.glob('publik_socialmedia/locale/*/LC_MESSAGES/*.po')):
            compiled = catalog.with_suffix('.mo')
            subprocess.run(
                ['msgfmt', '--check-format', '-o', os.fspath(compiled), os.fspath(catalog)], check=True
            )


class build(_build):
    sub_commands = [('compile_translations', None), *_build.sub_commands]


class install_lib(_install_lib):
    def run(self):
        self.run_command('compile_translations')
        super().run()


setup(
    name='publik-socialmedia',
    version=get_version(),
    description='Private messages of social networks as w.c.s. demands, for Publik',
    long_description=(HERE / 'README.md').read_text() if (HERE / 'README.md').exists() else '',
    long_description_content_type='text/markdown',
    author='publik_socialmedia contributors',
    license_files=['COPYING'],
    **{licensed: LICENSE},
    packages=find_packages(include=['publik_socialmedia', 'publik_socialmedia.*']),
    include_package_data=True,
    # payloads are for the tests, catalogues that are not compiled for translators
    exclude_package_data={'': ['payloads/*.json', 'locale/*/LC_MESSAGES/*.po']},
    python_requires='>=3.11',
    install_requires=[
        'django>=4.2,<5.3',
        'requests',
        'cryptography',
        'lxml',
        'Pillow',
        'python-magic',
        'phonenumbers',
        'psycopg2',
        'gadjo',
    ],
    classifiers=[
        'Development Status :: 4 - Beta',
        'Environment :: Web Environment',
        'Framework :: Django :: 4.2',
        'Framework :: Django :: 5.2',
        'Intended Audience :: Developers',
        'Natural Language :: French',
        'Operating System :: OS Independent',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.13',
    ],
    zip_safe=False,
    cmdclass={
        'build': build,
        'compile_translations': compile_translations,
        'install_lib': install_lib,
        'sdist': eo_sdist,
    },
)
