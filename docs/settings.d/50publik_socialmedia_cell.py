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

# The cell « Réseaux sociaux »: goes to /etc/combo/settings.d/ of the brick that has the portal of agents.
#
# A JSON_CELL_TYPES in the settings.json of a tenant replaces this one as a whole. The address is a template
# of Combo: the name of a variable of the form (« key ») stands for what the administrator of the page typed.
# Should a version of Combo not know it there, write the key itself in its place.

globals().setdefault('JSON_CELL_TYPES', {}).update(
    {
        'socialmedia': {
            'name': 'Réseaux sociaux',
            'url': '{{ portal_agent_url }}api/socialmedia/summary/?key={{ key|urlencode }}',
            'cache_duration': 60,
            'force_async': True,
            'log_errors': False,
            'form': [
                {
                    'label': 'Clé (page « Portail des agents » des réseaux sociaux)',
                    'type': 'string',
                    'varname': 'key',
                    'required': True,
                },
            ],
        },
    }
)
