# /// script
# requires-python = ">=3.11"
# dependencies = ["jinja2==3.1.6"]
# ///
"""What Jinja2 makes of several hundred small templates, in the environment that transformers gives chat templates.

Run by hand: `uv run scripts/oracles/text-jinja.py`. Writes test/data/jinja/snippets.json.gz: template, and text or error.
"""

import datetime
import gzip
import json
from pathlib import Path

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        lineno = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_support"), [], [], body).set_lineno(lineno)

    def _support(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


NOW = datetime.datetime(2024, 7, 6, 9, 5, 3)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


ENV = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
ENV.filters["tojson"] = tojson
ENV.globals["raise_exception"] = raise_exception
ENV.globals["strftime_now"] = lambda format: NOW.strftime(format)

VARIABLES = {
    "s": "Hello World", "e": "", "u": "na\u00efve \u00dftra\u00dfe \u01c6 \U0001f9ea \u03a3\u03a3", "w": "  \n\tpad\u00a0 ", "n": 7, "neg": -7, "z": 0, "f": 2.5, "big": 10**20,
    "t": True, "no": False, "none": None, "l": [3, 1, 2], "el": [], "mixed": [1, "a", None, True, 2.5, [1], {"k": "v"}],
    "d": {"b": 1, "a": "x", "items": "shadow", "get": 5}, "ed": {}, "nested": {"a": {"b": [{"c": 1}, {"c": 2}]}},
    "people": [{"name": "bob", "age": 30, "tag": "x"}, {"name": "Al", "age": 25}, {"name": "cy", "age": 30, "tag": None}],
    "words": ["b", "A", "c", "B", "a"], "text": "a,b,,c", "lines": "one\ntwo\r\nthree\n", "quote": "it's \"q\" \\ \x00\x7f\u200b",
    "messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}, {"role": "assistant", "content": "A"}],
    "html": "<b>&'\"</b>", "flo": [0.1, 1.0, 1e16, 1e-5, 123456789.125, -0.0, 1e22, 5e-324, 0.1 + 0.2],
}

SNIPPETS = []


def add(block: str) -> None:
    SNIPPETS.extend(line for line in block.strip("\n").split("\n") if line and not line.startswith("##"))


add(r"""
{{ s }}|{{ e }}|{{ n }}|{{ f }}|{{ t }}|{{ none }}|{{ missing }}
{{ l }} {{ d }} {{ mixed }} {{ ed }} {{ el }}
{{ (1,) }} {{ (1, 2) }} {{ () }} {{ 1, 2 }}
{{ quote }} {{ [quote] }} {{ ["it's"] }} {{ ['"'] }} {{ [u] }} {{ ["\n\t\\"] }}
{{ flo }}
{{ 1.0 }} {{ 1e3 }} {{ 1.5e-7 }} {{ 1_000 }} {{ 0x1F }} {{ 0b101 }} {{ 0o17 }}
{{ 1 + 2 }} {{ 1 - 2 }} {{ 2 * 3.0 }} {{ 7 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ -7.5 // 2 }} {{ -7.5 % 2 }}
{{ 2 ** 10 }} {{ 2 ** -1 }} {{ -2 ** 2 }} {{ 2 ** 3 ** 2 }} {{ 2.0 ** 3 }} {{ big * big }} {{ 10 ** 30 }}
{{ 1 / 0 }}
{{ 1 // 0 }}
{{ 1 % 0 }}
{{ 1.0 // 0 }}
{{ n + s }}
{{ s + n }}
{{ s ~ n ~ none ~ t ~ f ~ l }}
{{ 1 + 2 ~ 3 }}
{{ "a" ~ 1 + 2 }}
{{ 1 ~ 2 * 3 }}
{{ "ab" * 3 }} {{ 3 * "ab" }} {{ [1] * 3 }} {{ "x" * -1 }} {{ (1,) * 2 }}
{{ l + [9] }} {{ (1,) + (2,) }}
{{ l + (1,) }}
{{ l + s }}
{{ s + l }}
{{ none + 1 }}
{{ missing + 1 }}
{{ 1 + missing }}
{{ missing ~ 'x' }}
{{ t + t }} {{ t * 3 }} {{ -t }} {{ +t }} {{ not t }} {{ -f }} {{ - - n }}
{{ -s }}
{{ 1 < 2 }} {{ 1 < 2 < 3 }} {{ 3 > 2 > 2 }} {{ 1 == 1.0 }} {{ 1 == true }} {{ '1' == 1 }} {{ '' != false }} {{ '' == false }} {{ 0 == false }} {{ none == false }}
{{ 'a' < 'b' }} {{ 'a' < 'B' }} {{ [1,2] < [1,3] }} {{ (1,) < (1, 0) }} {{ 'a' == 'a' == true }}
{{ 1 < 'a' }}
{{ none < 1 }}
{{ [1] == [1.0] }} {{ [1] == (1,) }} {{ {'a': 1} == {'a': 1.0} }} {{ {'a': 1, 'b': 2} == {'b': 2, 'a': 1} }} {{ l == [3,1,2] }} {{ missing == missing2 }} {{ missing == none }}
{{ 'ell' in s }} {{ 1 in l }} {{ 1.0 in l }} {{ '1' in l }} {{ 'b' in d }} {{ 'x' not in d }} {{ 1 in missing }} {{ none in mixed }} {{ '' in 'abc' }} {{ [1] in mixed }}
{{ 1 in s }}
{{ 1 in n }}
{{ missing in s }}
{{ not 1 == 2 }} {{ not 1 in l }} {{ 1 and 2 }} {{ 0 or 'x' }} {{ '' and 1 }} {{ none or missing or 'end' }} {{ 1 and not 0 }}
{{ 'y' if t else 'n' }} {{ 'y' if el else 'n' }} {{ 'y' if no }}| {{ 'a' if no else 'b' if no else 'c' }} {{ 1 if t else 2 + 5 }}
{% if '' %}1{% endif %}{% if [] %}2{% endif %}{% if 0 %}3{% endif %}{% if 0.0 %}4{% endif %}{% if {} %}5{% endif %}{% if none %}6{% endif %}{% if missing %}7{% endif %}{% if ' ' %}8{% endif %}{% if [0] %}9{% endif %}
{% if missing.x %}1{% endif %}
{{ missing.x }}
{{ d.nothing }}|{{ d['nothing'] }}|{{ l[10] }}|{{ l['x'] }}|{{ s.nothing }}
{{ d.nothing.more }}
{{ l[10].x }}
{{ none.x }}
{{ d.b }} {{ d['b'] }} {{ d.a[0] }} {{ nested.a.b[1].c }} {{ nested['a']['b'][-1]['c'] }} {{ l.0 }} {{ l[-1] }} {{ l[true] }}
{{ d['items'] }} {{ d['get'] }} {{ d.items() }} {{ d.get('a') }} {{ d.get('q') }} {{ d.get('q', 'dflt') }} {{ d.keys() }} {{ d.values() }}
{{ d.items }}
{{ d.items()|list }} {{ d.keys()|list }} {{ d.values()|list }} {{ d|items|list }} {{ d.items()|length }}
{{ ed.items()|list }} {{ missing|items|list }}
{{ l|items|list }}
{{ d.update({'a': 1}) }}
{{ l.append(4) }}
{{ d.pop('a') }}
{{ l.__class__ }}
{{ s.__class__.__mro__ }}
{{ d.copy() }} {{ l.count(1) }} {{ l.index(2) }} {{ (1,2,1).count(1) }}
{{ l.index(99) }}
{{ s[0] }} {{ s[-1] }} {{ s[1:3] }} {{ s[:-1] }} {{ s[::-1] }} {{ s[::2] }} {{ s[100:] }} {{ s[-3:] }} {{ s[5:1:-1] }} {{ s[:] }}
{{ l[1:] }} {{ l[::-1] }} {{ l[:1] }} {{ l[-2:] }} {{ l[5:] }} {{ l[2:0:-1] }} {{ (1,2,3)[1:] }} {{ messages[1:]|length }} {{ messages[-1].role }} {{ messages[:-1]|map(attribute='role')|list }}
{{ l[::0] }}
{{ l[1.0:] }}|{{ d[1:] }}
{{ u[5:8] }} {{ u|length }} {{ u[-4] }} {{ '\U0001f9ea'|length }} {{ 'a\U0001f9eab'[1:] }} {{ 'a\U0001f9eab'[::-1] }}
{{ s.upper() }} {{ s.lower() }} {{ s.title() }} {{ s.capitalize() }} {{ s.swapcase() }} {{ u.upper() }} {{ u.lower() }} {{ u.title() }} {{ u.capitalize() }}
{{ "they're bill's friends 3rd x2y".title() }} {{ "hELLO wORLD".capitalize() }} {{ "\ufb01ne \u01c6a \u1fb3".title() }}
{{ w.strip() }}|{{ w.lstrip() }}|{{ w.rstrip() }}|{{ '\n\nab\n'.lstrip('\n') }}|{{ 'xxabxx'.strip('x') }}|{{ 'abcab'.rstrip('ba') }}|{{ 'abc'.strip('') }}|{{ '\ufeffx'.strip() }}|{{ '\x1cx\x85'.strip() }}|{{ 'a'.strip(none) }}
{{ s.strip(1) }}
{{ text.split(',') }} {{ text.split(',', 1) }} {{ text.split(',', maxsplit=1) }} {{ s.split() }} {{ ' a  b '.split() }} {{ ' a  b c '.split(none, 1) }} {{ ' a b'.split(' ') }} {{ ''.split() }} {{ ''.split(',') }} {{ 'a--b--c'.split('--')[-1] }} {{ text.rsplit(',', 1) }} {{ ' a b  c '.rsplit(none, 1) }} {{ text.rsplit(',') }}
{{ s.split('') }}
{{ s.split(1) }}
{{ lines.splitlines() }} {{ lines.splitlines(true) }} {{ ''.splitlines() }} {{ 'a\x0bb\u2028c'.splitlines() }}
{{ s.replace('l', 'L') }} {{ s.replace('l', 'L', 1) }} {{ s.replace('', '-') }} {{ s.replace('', '-', 2) }} {{ s.replace('z', '') }} {{ 'aaa'.replace('aa', 'b') }} {{ s.replace('o', '') }} {{ '$&'.replace('$', '$$') }}
{{ s.replace('l') }}
{{ s.replace('l', 1) }}
{{ s.startswith('He') }} {{ s.startswith(('x', 'H')) }} {{ s.endswith('ld') }} {{ s.startswith('el', 1) }} {{ s.endswith('He', 0, 2) }} {{ ''.startswith('') }}
{{ s.startswith(['H']) }}
{{ s.find('o') }} {{ s.find('o', 5) }} {{ s.rfind('o') }} {{ s.find('zz') }} {{ s.index('W') }} {{ s.count('l') }} {{ s.count('') }} {{ u.find('\U0001f9ea') }}
{{ s.index('zz') }}
{{ ','.join(['a', 'b']) }} {{ ''.join([]) }} {{ '-'.join('abc') }}
{{ ','.join([1]) }}
{{ 'a-b-c'.partition('-') }} {{ 'a-b-c'.rpartition('-') }} {{ 'abc'.partition('-') }} {{ 'abc'.rpartition('-') }}
{{ 'abc'.center(9, '*') }} {{ 'abc'.center(8) }}| {{ 'ab'.center(5) }}| {{ 'abc'.ljust(5) }}| {{ 'abc'.rjust(5, '.') }} {{ '-5'.zfill(5) }} {{ '5'.zfill(3) }}
{{ 'abc'.isalpha() }} {{ '12'.isdigit() }} {{ 'a1'.isalnum() }} {{ ' '.isspace() }} {{ ''.isspace() }} {{ 'Ab'.istitle() }} {{ 'ab'.islower() }} {{ 'AB1'.isupper() }} {{ '1'.islower() }} {{ 'a_b'.isidentifier() }} {{ '1a'.isidentifier() }} {{ 'a\n'.isprintable() }} {{ 'a'.isascii() }} {{ '\u00e9'.isascii() }} {{ '12'.isdecimal() }} {{ '12'.isnumeric() }}
{{ 'prefix-x'.removeprefix('prefix-') }} {{ 'x.txt'.removesuffix('.txt') }} {{ 'x'.removesuffix('') }} {{ 'a\tb'.expandtabs() }} {{ 'a\tb'.expandtabs(4) }}
{{ '{} {}'.format(1, 'a') }} {{ '{0}{1}{0}'.format('a', 'b') }} {{ '{x}'.format(x=5) }} {{ '{:>5}|{:<5}|{:^5}|{:*^7}'.format('a', 'b', 'c', 'd') }} {{ '{:05d} {:+d} {:x} {:,} {:.2f} {:e} {:%}'.format(42, 3, 255, 1234567, 3.14159, 12345.678, 0.25) }} {{ '{{}}'.format() }} {{ '{0[a]} {1[0]}'.format(d, l) }} {{ '{!r}'.format('a') }}
{{ '{}'.format() }}
{{ '{x}'.format() }}
{{ '{0.__class__}'.format(s) }}
{{ '%s and %d' % ('a', 5) }} {{ '%s' % 'x' }} {{ '%05.2f|%-5s|%5s|%x|%o|%e|%g|%%' % (3.14159, 'a', 'b', 255, 8, 12345.6789, 0.0001) }} {{ '%(a)s' % d }} {{ '%r' % 'a' }} {{ '%i' % 3.9 }} {{ '%+d' % 5 }} {{ '%c' % 65 }}
{{ '%s %s' % 'a' }}
{{ '%d' % 'a' }}
{{ '%s' % (1, 2) }}
{{ "%s" | format("x") }} {{ "%s-%s" | format("x", 1) }} {{ "%(a)s" | format(a=1) }} {{ "%.3f" | format(2) }} {{ "%5.1f|" | format(2.25) }} {{ "%.0f %.0f %.1f %.2f" | format(0.5, 1.5, 0.25, 1.005) }}
""")
add(r"""
{{ s|upper }} {{ s|lower }} {{ s|title }} {{ s|capitalize }} {{ "foo-bar (baz) o'neil"|title }} {{ n|upper }} {{ none|lower }} {{ l|upper }}
{{ s|length }} {{ l|length }} {{ d|length }} {{ missing|length }} {{ e|count }}
{{ n|length }}
{{ none|length }}
{{ w|trim }}| {{ 'xxaxx'|trim('x') }} {{ n|trim }} {{ none|trim }}
{{ l|first }} {{ l|last }} {{ s|first }} {{ s|last }} {{ el|first }}| {{ el|last }}| {{ d|first }} {{ d|last }} {{ missing|first }}|
{{ n|first }}
{{ l|join }} {{ l|join(', ') }} {{ mixed|join('|') }} {{ people|join(',', attribute='name') }} {{ s|join('-') }} {{ el|join(',') }} {{ missing|join(',') }} {{ d|join(',') }} {{ l|join(1) }}
{{ n|join(',') }}
{{ l|sort }} {{ words|sort }} {{ words|sort(case_sensitive=true) }} {{ words|sort(reverse=true) }} {{ people|sort(attribute='age')|map(attribute='name')|list }} {{ people|sort(attribute='age,name')|map(attribute='name')|list }} {{ people|sort(attribute='age', reverse=true)|map(attribute='name')|list }} {{ d|sort }} {{ [true, 0, 2.5]|sort }}
{{ mixed|sort }}
{{ l|reverse|list }} {{ s|reverse }} {{ (1,2)|reverse|list }} {{ d|reverse|list }} {{ l|map('string')|reverse }}
{{ l|reverse }}
{{ n|reverse }}
{{ l|map('string')|list }} {{ words|map('upper')|list }} {{ people|map(attribute='tag')|list }} {{ people|map(attribute='tag', default='?')|list }} {{ [[1,2],[3]]|map('length')|list }} {{ [[1,2],[3]]|map(attribute=0)|list }} {{ nested.a.b|map(attribute='c')|list }} {{ people|map(attribute='name')|map('upper')|join(',') }} {{ words|map('replace', 'a', 'X')|list }} {{ words|map('default', 'x')|list }}
{{ words|map('nofilter')|list }}
{{ l|map('string') }}
{{ l|map }}|
{{ l|map|list }}
{{ [0,1,2,'',none,[],'a']|select|list }} {{ [1,2,3,4]|select('odd')|list }} {{ [1,2,3,4]|reject('odd')|list }} {{ [1,2,3,4]|select('divisibleby', 2)|list }} {{ [1,2,3]|select('gt', 1)|list }} {{ [1,2,3]|select('in', [1,3])|list }} {{ ['a',1]|select('string')|list }} {{ [1,2]|select('==', 2)|list }}
{{ people|selectattr('tag')|map(attribute='name')|list }} {{ people|selectattr('tag', 'defined')|map(attribute='name')|list }} {{ people|rejectattr('tag')|map(attribute='name')|list }} {{ people|selectattr('age', 'equalto', 30)|map(attribute='name')|list }} {{ people|selectattr('age', 'gt', 26)|list|length }} {{ people|rejectattr('tag', 'none')|map(attribute='name')|list }} {{ messages|selectattr('role', 'equalto', 'user')|first }} {{ messages|selectattr('role', 'in', ['user', 'assistant'])|list|length }} {{ messages|rejectattr('role', '==', 'system')|map(attribute='content')|join }}
{{ people|selectattr('age', 'nosuch')|list }}
{{ people|selectattr('age')|length }}
{% if people|selectattr('age', 'gt', 100) %}truthy{% endif %}
{% set g = people|selectattr('age') %}{{ g|list|length }} {{ g|list|length }}
{% set g = l|map('string') %}{% for x in g %}{{ loop.index }}/{{ loop.length }}{{ loop.last }} {% endfor %}{{ g|list }}
{{ [1,1.0,true,2,'a','A',none]|unique|list }} {{ words|unique|list }} {{ words|unique(case_sensitive=true)|list }} {{ people|unique(attribute='age')|map(attribute='name')|list }}
{{ mixed|unique|list }}
{{ l|min }} {{ l|max }} {{ words|min }} {{ words|max(case_sensitive=true) }} {{ people|max(attribute='age') }} {{ el|min }}| {{ l|sum }} {{ people|sum(attribute='age') }} {{ l|sum(start=10) }} {{ [0.1,0.2]|sum }} {{ [[1],[2]]|sum(start=[]) }}
{{ ['a','b']|sum }}
{{ d|dictsort }} {{ {'b':1,'A':2,'a':0}|dictsort }} {{ {'b':1,'A':2}|dictsort(true) }} {{ {'b':1,'A':2}|dictsort(by='value') }} {{ {'b':1,'a':2}|dictsort(reverse=true) }} {{ {'b':1,'A':2}|dictsort(false, 'value', true) }}
{{ l|dictsort }}
{{ people|groupby('age') }} {% for age, group in people|groupby('age') %}{{ age }}:{{ group|map(attribute='name')|join('+') }} {% endfor %} {% for g in people|groupby('age') %}{{ g.grouper }}={{ g.list|length }} {% endfor %}
{{ [1,2,3,4,5]|batch(2)|list }} {{ [1,2,3]|batch(2, 'x')|list }} {{ [1,2,3,4,5]|slice(2)|list }} {{ [1,2,3,4,5]|slice(3, 'x')|list }}
{{ missing|default('x') }} {{ e|default('x') }}| {{ e|default('x', true) }} {{ none|default('x') }} {{ none|default('x', boolean=true) }} {{ d.nothing|default(none) }} {{ missing|d }}| {{ missing|d(5) + 1 }} {{ 0|default(3, true) }}
{{ '3'|int }} {{ '3.9'|int }} {{ 'x'|int }} {{ 'x'|int(9) }} {{ 3.9|int }} {{ -3.9|int }} {{ ' 12 '|int }} {{ '1_0'|int }} {{ '0x1f'|int(base=16) }} {{ 'ff'|int(0, 16) }} {{ none|int }} {{ t|int }} {{ '1e3'|int }} {{ '12abc'|int }} {{ l|int(7) }} {{ '-5'|int }}
{{ missing|int }}
{{ '3'|float }} {{ 'x'|float }} {{ 'x'|float(1.5) }} {{ 3|float }} {{ '1e3'|float }} {{ 'nan'|float }} {{ '-inf'|float }} {{ none|float }} {{ '.5'|float }} {{ '5.'|float }} {{ '1_0.5'|float }}
{{ n|string + 'x' }} {{ l|string }} {{ none|string }} {{ 1.0|string }} {{ t|string|lower }} {{ missing|string }}|
{{ -3|abs }} {{ -3.5|abs }} {{ t|abs }} {{ neg|abs }}
{{ s|abs }}
{{ 2.5|round }} {{ 3.5|round }} {{ 2.675|round(2) }} {{ 7|round }} {{ 2.1|round(method='ceil') }} {{ -2.1|round(0, 'floor') }} {{ 1234|round(-2) }} {{ 1250|round(-2) }} {{ 1350|round(-2) }} {{ 1234.5|round(-2) }} {{ 0.5|round|int }} {{ 2.345|round(1, 'ceil') }} {{ -0.4|round }}
{{ 'a\nb\n\nc'|indent }} {{ 'a\nb'|indent(2) }} {{ 'a\nb'|indent(2, true) }} {{ 'a\n\nb'|indent(2, blank=true) }} {{ 'a\nb'|indent('> ') }} {{ 'a\nb'|indent(width=1, first=true) }} {{ 'a\r\nb\n'|indent }} {{ ''|indent }}|
{{ n|indent }}
{{ 'hello world foo'|truncate(11) }} {{ 'hello world foo bar'|truncate(11) }} {{ 'hello world foo bar'|truncate(11, true) }} {{ 'hello world foo bar'|truncate(11, false, '!') }} {{ 'hello world'|truncate(5, leeway=0) }}
{{ s|wordcount }} {{ s|center(20) }}| {{ 'a b'|replace(' ', '_') }} {{ 'aaa'|replace('a', 'b', 2) }} {{ n|replace('7', '8') }} {{ s|replace('l', 1) }} {{ 1000000|filesizeformat }} {{ 1|filesizeformat }} {{ 1536|filesizeformat(true) }} {{ 999|filesizeformat }}
{{ s|list }} {{ d|list }} {{ (1,2)|list }} {{ missing|list }} {{ range(3)|list }}
{{ n|list }}
{{ html|e }} {{ html|escape }} {{ html|safe }} {{ (html|e) ~ '<' }} {{ html|e|e }} {{ n|e }}
{{ d|tojson }} {{ l|tojson }} {{ s|tojson }} {{ none|tojson }} {{ t|tojson }} {{ f|tojson }} {{ u|tojson }} {{ quote|tojson }} {{ html|tojson }} {{ (1,2)|tojson }} {{ flo|tojson }} {{ mixed|tojson }} {{ ed|tojson }} {{ el|tojson }}
{{ d|tojson(indent=2) }}
{{ nested|tojson(indent=4) }}
{{ mixed|tojson(indent=1) }} {{ ed|tojson(indent=2) }} {{ [[], {}]|tojson(indent=2) }} {{ [1]|tojson(indent=0) }} {{ [1]|tojson(indent='--') }}
{{ d|tojson(sort_keys=true) }} {{ u|tojson(ensure_ascii=true) }} {{ d|tojson(separators=(',', ':')) }} {{ d|tojson(true) }} {{ {1: 2, none: 3, true: 4, 1.5: 5}|tojson }} {{ l|tojson(indent=none) }} {{ d|tojson(indent=2, separators=(' , ', ' : ')) }}
{{ missing|tojson }}
{{ range(2)|tojson }}
{{ {(1,2): 3}|tojson }}
{{ {'b': 1, 1: 2}|tojson(sort_keys=true) }}
{{ s|nofilter }}
{% if false %}{{ s|nofilter }}{% endif %}ok
{% if false %}{% for x in l %}{{ s|nofilter }}{% endfor %}{% endif %}ok
{{ 'x' if true else s|nofilter }}
{{ s is nosuch }}
{% if s is nosuch %}{% endif %}
{{ s is defined }} {{ missing is defined }} {{ d.x is defined }} {{ missing is undefined }} {{ none is none }} {{ missing is none }} {{ none is defined }} {{ d.x is not defined }} {{ not d.x is defined }}
{{ missing.x is defined }}
{{ s is string }} {{ n is number }} {{ t is number }} {{ t is integer }} {{ t is boolean }} {{ f is float }} {{ n is integer }} {{ l is sequence }} {{ s is sequence }} {{ d is sequence }} {{ n is sequence }} {{ d is mapping }} {{ l is mapping }} {{ l is iterable }} {{ s is iterable }} {{ n is iterable }} {{ none is iterable }} {{ missing is iterable }} {{ (1,) is sequence }} {{ range is callable }} {{ s is callable }}
{{ t is true }} {{ t is false }} {{ 1 is true }} {{ no is false }} {{ '' is false }} {{ none is sameas none }} {{ t is sameas true }} {{ 1 is sameas true }} {{ l is sameas l }} {{ 3 is odd }} {{ 4 is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }} {{ 'a' is lower }} {{ 'A' is upper }} {{ '1' is lower }} {{ 1 is in [1,2] }} {{ 3 is not in [1,2] }} {{ 1 is eq 1 }} {{ 1 is equalto 2 }} {{ 2 is gt 1 }} {{ 2 is le 2 }} {{ 2 is ne 2 }} {{ 3 is greaterthan(2) }}
{{ s is odd }}
{{ 1 is number is string }}
{{ 'x' if s is string and n is number else 'y' }} {{ s is string == true }} {{ 1 + 2 is number }} {{ 5 is divisibleby 5 and true }} {{ n is number or missing.x }}
""")
add(r"""
{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ x }} {% endfor %}
{% for x in l %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}
{% for x in l %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }}{{ loop.cycle('a', 'b') }}{{ loop.depth }}{{ loop.depth0 }} {% endfor %}
{% for x in [1,1,2,2,1] %}{{ x }}{{ loop.changed(x) }} {% endfor %}
{% for x in l if x > 1 %}{{ x }}{{ loop.index }}/{{ loop.length }} {% endfor %}
{% for x in l if x > 10 %}{{ x }}{% else %}none{% endfor %}
{% for x in el %}{{ x }}{% else %}empty{% endfor %}
{% for x in l %}{% continue %}{% else %}else{% endfor %}
{% for x in l %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% else %}else{% endfor %}
{% for x in l %}{% break %}{% else %}else{% endfor %}
{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}
{% for a in [1,2] %}{% for b in [1,2] %}{% if b == 2 %}{% break %}{% endif %}{{ a }}{{ b }} {% endfor %}{% endfor %}
{% break %}
{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}
{% for k in d %}{{ k }}{% endfor %}
{% for c in s %}{{ c }}.{% endfor %}
{% for a, b in [[1,2],[3,4]] %}{{ a + b }} {% endfor %}
{% for a, (b, c) in [[1,[2,3]]] %}{{ a + b + c }}{% endfor %}
{% for a, b in [[1,2,3]] %}{{ a }}{% endfor %}
{% for a, b in [[1]] %}{{ a }}{% endfor %}
{% for a, b in ['xy'] %}{{ a }}-{{ b }}{% endfor %}
{% for x in n %}{{ x }}{% endfor %}
{% for x in none %}{{ x }}{% endfor %}
{% for x in missing %}{{ x }}{% else %}e{% endfor %}
{% for x in range(5) %}{{ x }}{% endfor %} {% for x in range(5, 0, -2) %}{{ x }}{% endfor %} {{ range(3) }} {{ range(1, 10, 2)|list }} {{ range(10)[2:4] }} {{ range(10)[-1] }} {{ range(3)|length }} {{ 2 in range(3) }} {{ range(0)|list }} {{ range(1,4)|sum }}
{{ range(100001)|length }}
{{ range(1, 2, 0) }}
{{ range('a') }}
{{ range(1.5) }}
{% for x in [[1,[2]],[3]] recursive %}{{ loop.depth }}{% if x is iterable %}({{ loop(x) }}){% else %}{{ x }}{% endif %}{% endfor %}
{% for x in l %}{{ loop(x) }}{% endfor %}
{% set x = 1 %}{% for i in [1,2] %}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}
{% for i in [1,2] %}{{ x }}{% set x = i %}{{ x }} {% endfor %}{{ x }}
{% set ns = namespace(x=0, y='a') %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}{{ ns.y }}{{ ns.z }}|{{ ns.z is defined }}
{% set ns = namespace() %}{% set ns.a = 1 %}{{ ns.a }} {{ ns }}
{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }}{{ ns['a'] }}
{% set d.a = 1 %}
{% set q.a = 1 %}
{% set ns = namespace(found=false) %}{% for m in messages if not ns.found %}{{ m.role }} {% if m.role == 'user' %}{% set ns.found = true %}{% endif %}{% endfor %}
{% if true %}{% set y = 5 %}{% endif %}{{ y }}
{% if false %}{% set s = 'changed' %}{% endif %}{{ s }}
{% set s = s ~ '!' %}{{ s }}
{% set a, b = 1, 2 %}{{ a }}{{ b }}
{% set a, b = [1] %}
{% set a = 1, 2 %}{{ a }}
{% set x %}  block {{ s }} {% endset %}[{{ x }}]
{% set x | upper | replace('L', '1') %}{{ s }}{% endset %}{{ x }}
{% set x %}{% set inner = 1 %}{% endset %}{{ inner is defined }}
{% with a = 1, b = 2 %}{{ a + b }}{% set c = 3 %}{% endwith %}{{ c is defined }}
{% with a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% endwith %}{% endwith %}
{% filter upper %}abc {{ s }}{% endfilter %} {% filter replace('a', 'b') | upper %}aaa{% endfilter %}
{% for x in l %}{% set y %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endset %}{{ y }};{% endfor %}
{% macro m(a, b=2) %}[{{ a }}{{ b }}]{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(b=5, a=4) }}{{ m() }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(q=1) }}
{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, a=1) }}
{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}
{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, 2) }}
{% set b = 9 %}{% macro m(a=b, b=1) %}{{ a }}{% endmacro %}{{ m() }}|
{% macro m() %}{{ y }}{% endmacro %}{% set y = 1 %}{{ m() }}
{% macro m() %}{{ y }}{% endmacro %}{% for y in [1] %}{{ m() }}|{% endfor %}
{% macro m(x) %}{% if x > 0 %}{{ x }}{{ m(x - 1) }}{% endif %}{% endmacro %}{{ m(3) }}
{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}body{% endcall %}
{% macro m() %}<{{ caller(5) }}>{% endmacro %}{% call(x) m() %}b{{ x }}{% endcall %}
{% macro m() %}x{% endmacro %}{% call m() %}body{% endcall %}
{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}
{% macro m(a, b) %}{% endmacro %}{{ m.name }} {{ m.arguments }} {{ m.catch_kwargs }} {{ m is callable }}
{% macro m() %} a {% endmacro %}[{{ m() }}] [{{ m()|trim }}] [{{ m() ~ m() }}] {{ m()|length }}
{{ m2() }}
{% macro m2() %}late{% endmacro %}
{{ s() }}
{{ none() }}
{{ d.nothing() }}
{{ dict(a=1, b=2) }} {{ dict({'a': 1}, b=3) }} {{ dict([['a', 1]]) }} {{ {'a': 1, 'a': 2} }} {{ {1: 'a', 'b': none} }} {{ {(1,2): 3} }}
{{ {[1]: 2} }}
{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.current }} {% set j = joiner('; ') %}{{ j() }}a{{ j() }}b
{{ raise_exception('boom ' ~ n) }}
{{ raise_exception() }}
{{ strftime_now('%Y-%m-%d %H:%M:%S %d %b %B %a %A %y %j %I %p %e %-d %-m %%') }}
{% generation %}gen {{ s }}{% endgeneration %} {% generation %}{% set inner2 = 1 %}{% endgeneration %}{{ inner2 is defined }}
{% for m in messages %}{% generation %}{{ m.content }}{{ loop.index }}{% endgeneration %}{% endfor %}
{%- generation -%} x {%- endgeneration -%} y
{% print 1, 's' %}
{% do l.append(1) %}
{% unknowntag %}
{% if t %}unclosed
{% endif %}
{{ unclosed
{{ 1 +
{{ (1 }}
{{ [1, 2 }}
{% for x l %}{% endfor %}
{{ 'abc }}
{{ a b }}
{{ 1 if }}
{{ f(a=1, 2) }}
{{ f(a=1, a=2) }}
{% set 1 = 2 %}
{% set true = 2 %}
{# comment #}a{# {{ x }} {% if %} #}b
{# unclosed
{% raw %}{{ x }} {% if %}{% endraw %} {%- raw -%}  a {{ }} {%- endraw -%}  b
{% raw %}unclosed
{{ '{{' }} {{ "}}" }} {{ '{%' }} {{ {'a': {'b': 1}}.a.b }} {{ {'a': 1}['a'] }}
{{ 'a\tb\nc\\d\'e\"f\x41\u00e9\U0001f9ea\101\q\u20ac' }} {{ 'é\é' }} {{ "a" 'b' }}
{{ 'x\
y' }}
{{ 1.e5 }}
{{ 1..real }} {{ 1.5.real }} {{ n.real }} {{ n.bit }}|
{{ s.upper }}
{{ s.encode() }}
{{ l|random }}
{{ lipsum() }}
{{ self }}
{% include 'x' %}
{% import 'x' as y %}
{% extends 'x' %}
{{ loop }}|{{ loop.index }}
{{ caller }}|{{ varargs }}|{{ kwargs }}
{{ true }} {{ True }} {{ False }} {{ None }} {{ none }} {{ TRUE }}|
{{ messages[0]['role'] == 'system' }} {{ messages|length > 1 and messages[1].role }} {{ (messages|selectattr('role', 'equalto', 'system')|list)[0].content }} {{ messages[loop] }}
{{ messages[missing] }}
{{ ('a', 'b')|join }} {{ ('a' ~ 'b')|upper ~ 'c'|upper }} {{ -3|abs }} {{ (-3)|abs }} {{ 2 * 3|string }} {{ not s|length == 11 }} {{ s|length + 1 }} {{ [1,2,3]|last * 2 }} {{ s.split(' ')|first|lower }} {{ d['a']|upper in ['X'] }}
{{ 'abc'|first|upper ~ 'abc'[1:] }} {{ ('%s' % s).lower() }} {{ (s|upper).lower() }} {{ s|upper.lower() }}
{{ l|sort|first }} {{ l|attr('count') is callable }} {{ d|attr('a') is defined }} {{ s|attr('upper')() }}
{{ [1,2,3][missing:] }}|{{ s[none:2] }}
{{ 10|string|length }} {{ 1 == 1 and 'yes' or 'no' }} {{ 'a' 'b' ~ 'c' }} {{ 1 if none is none }} {{ (1 if false)|default('dd') }} {{ [1 if false]|length }}
{{ f|string }} {{ 1e100 }} {{ 1e-7 }} {{ 123456789012345678 }} {{ 1234567890123456789.0 }} {{ 0.1 + 0.2 }} {{ 1/3 }} {{ 100.0 }} {{ -0.0 }} {{ 3.0 * 2 }} {{ 5 // 2.0 }} {{ 7 % 2.5 }} {{ 1e308 * 10 }}
{{ s.join(l) }}
{{ messages[0].items()|list }} {{ messages[0].keys()|join(',') }}
{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content']|trim }}{% if not loop.last %}{{ '\n' }}{% endif %}{% endfor %}
{% set loop_messages = messages[1:] if messages[0]['role'] == 'system' else messages %}{{ loop_messages|length }}{% set offset = 1 %}{{ (messages|length - offset) % 2 == 0 }}
{%- for m in messages %}{%- if (m['role'] == 'user') != (loop.index0 % 2 == 0) -%}{{ raise_exception('Conversation roles must alternate') }}{%- endif -%}{%- endfor -%}
""")

# White space: every combination of signs around block, comment and variable tags, at line starts and in lines.
for left in ["", "-", "+"]:
    for right in ["", "-"]:
        for tag in ["{%" + left + " set q = 1 " + right + "%}", "{#" + left + " c " + right + "#}", "{{" + left + " s " + right + "}}"]:
            SNIPPETS.append("a  \n  " + tag + "  \n\n b")
            SNIPPETS.append("a " + tag + "\n" + tag + "\t\n" + tag)
            SNIPPETS.append(tag + "\n\n" + tag + " x\n")
SNIPPETS += [
    "a\n  {% if t +%}\n b\n  {% endif +%}\n c", "  {%+ if t %}\nx\n  {%+ endif %}\ny", "\n\n{% if t %}\n\nx\n\n{% endif %}\n\n", "x\r\ny\r{% if t %}\r\nz{% endif %}\r\n",
    "a\n\n", "a\n", "\n", "", " ", "{{ s }}\n", "{{ s }}\n\n", "  {{ s }}\n  {% if t %}a{% endif %}\n  b  {# c #}\n", "\t {#- c -#} \n x", "a {- b -} {", "{ {% if t %}x{% endif %} }", "  {- x\n", "'{% if t %}'\n{% endif %}'",
    "{% if t %}\n  {% for x in l %}\n    {{ x }}\n  {% endfor %}\n{% endif %}\nend", "{{ '{% generation %}' }}{{ '  {%- x' }}", "{{ 'a\n  {% b' }}\n x", "{%- if t -%}\n\n  a  \n\n{%- endif -%}\n\n b", "a{%\n\tif t\n%}b{%\nendif\n%}c",
    "{{ {\n'a':\n1 }\n}}", "\u00a0{% if t %}x{% endif %}", "a\u2028  {% if t %}x{% endif %}", "x\x0c{% if t %}y{% endif %}", "line\n \x0b {% if t %}y{% endif %}", "{% if t -%}  \u3000 y{% endif %}",
    "{% for x in l -%}\n  {{ x }}\n{%- endfor %}", "{% for x in l %}\n{{ x }}\n{% endfor %}\n", "{%- for x in l %}{{- x -}}{% endfor -%}\n", "{% raw -%}  x  {%- endraw %}\n y", "{% raw %}\nx{% endraw %}\ny", "  {% raw %}x  {% endraw %}  ",
    "{% set a = 1 -%}\n{% set b = 2 -%}\n{{ a + b }}", "{{ '\\n' }}{{- '\\n' -}}  {{ '\\n' }}", "{{ s -}}\n\n{{- s }}", "{%if t%}x{%endif%}", "{{s}}{{n}}{#c#}{{f}}", "{%- -%}", "{{ }}", "{% %}", "{{ - }}", "{{-1}}", "{{ -1 }}", "{{- 1 }}", "{{+1}}", "{{ 1 -}} 2", "{{ s[1:-1] -}} x",
]

add(r"""
## slices of nothing, text % values without a place, and filters on what they are not made for
{{ e[:-1] }}|{{ e[1:] }}|{{ e[::-1] }}|{{ e[-3:2]|length }}|{{ el[:1] }}|{{ ()[1:] }}
{{ 'x' % l }}{{ 'x' % d }}{{ 'x' % el }}{{ 'x' % missing }}{{ 'x' % range(2) }}
{{ 'x' % n }}
{{ 'x' % s }}
{{ 'x' % (1,) }}
{{ 'x' % none }}
{{ l|truncate(7) }} {{ d|truncate }}
{{ l|truncate(2, leeway=0, end='') }}
{{ missing|attr('upper') }}
{{ s|filesizeformat }}
{{ l|filesizeformat }}
{{ '1234'|filesizeformat }} {{ 999|filesizeformat }} {{ 1500|filesizeformat(true) }}
""")


def run(source: str) -> dict:
    try:
        return {"text": ENV.from_string(source).render(**VARIABLES)}
    except RecursionError as error:
        return {"error": {"type": "RecursionError", "message": str(error)}}
    except Exception as error:
        return {"error": {"type": type(error).__name__, "message": str(error)}}


def unstable(text: str) -> bool:
    """Texts with an address or a random part: nobody can match these."""
    return " at 0x" in text or " object at " in text


def main() -> None:
    cases = []
    for source in SNIPPETS:
        case = {"template": source, **run(source)}
        if "text" in case and (unstable(case["text"]) or "lipsum" in source or "random" in source):
            case = {"template": source, "unstable": True}
        cases.append(case)
    out = Path(__file__).resolve().parents[2] / "test" / "data" / "jinja" / "snippets.json.gz"
    with gzip.GzipFile(out, "wb", mtime=0) as file:
        document = {"versions": {"jinja2": jinja2.__version__}, "now": "2024-07-06T09:05:03", "variables": {k: v for k, v in VARIABLES.items() if k not in ("big", "f", "flo", "mixed")}, "cases": cases}
        file.write(json.dumps(document, ensure_ascii=True, separators=(",", ":")).encode())
    print(len(cases), "cases,", sum("error" in c for c in cases), "errors,", sum("unstable" in c for c in cases), "unstable")


main()
