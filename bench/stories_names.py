"""Writes src/story/names.tsv: countries, months, weekdays, cities and languages under their names in several languages,
folded, one thing per line. The facts are those of the Unicode CLDR (unicode.org/cldr), as Babel packs them.

    python3 -m venv V && V/bin/pip install babel && V/bin/python bench/stories_names.py > src/story/names.tsv
"""

import re
import unicodedata

from babel import Locale

LANGUAGES = ["en", "es", "pt", "pt_PT", "fr", "it", "de", "ca", "gl"]

# What newspapers call countries and CLDR does not, and the places of an exemplar city that has no translations there.
ALSO = {
    "US": ["us", "usa", "u s", "u s a", "ee uu", "eeuu", "e e u u", "eua", "america del norte estados unidos", "etats unis"],
    "GB": ["uk", "u k", "britain", "great britain", "gran bretana", "gra bretanha", "grande bretagne", "ru"],
    "EU": ["eu", "e u", "ue", "european union", "union europea", "uniao europeia", "union europeenne", "unione europea"],
    "UN": ["un", "u n", "onu", "united nations", "naciones unidas", "nacoes unidas", "nations unies", "nazioni unite"],
    "CZ": ["czech republic", "republica checa", "republica tcheca", "republique tcheque"],
    "KP": ["north korea", "corea del norte", "coreia do norte"],
    "KR": ["south korea", "corea del sur", "coreia do sul"],
    "VE": ["republica bolivariana de venezuela"],
    "RU": ["russian federation", "federacion rusa", "federacao russa"],
    "SA": ["arabia saudita", "arabia saudi"],
    "IR": ["iran", "ira", "irao"],
    "CI": ["ivory coast", "costa de marfil", "costa do marfim"],
    "NL": ["holland", "holanda", "hollande", "olanda"],
    "MM": ["burma", "birmania"],
}


def folded(name):
    name = unicodedata.normalize("NFKD", name).lower()
    name = "".join(letter for letter in name if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[^\W_]+", name.replace("ß", "ss").replace("ø", "o").replace("ł", "l")))


def main():
    locales = [Locale.parse(code) for code in LANGUAGES]
    things = []
    territories = [code for code in locales[0].territories if len(code) == 2 and code not in ("ZZ", "XA", "XB", "EZ", "QO")]
    for code in sorted(territories):
        things.append((code, [locale.territories.get(code, "") for locale in locales] + ALSO.get(code, [])))
    things.append(("UN", ALSO["UN"]))
    for number in sorted(locales[0].territories):
        if number in ("002", "005", "009", "013", "019", "142", "150", "419"):
            things.append((number, [locale.territories[number] for locale in locales]))
    for month in range(1, 13):
        things.append((f"month-{month}", [locale.months["stand-alone"]["wide"][month] for locale in locales]))
    for day in range(7):
        things.append((f"day-{day}", [locale.days["stand-alone"]["wide"][day] for locale in locales]))
    for zone in sorted(locales[0].time_zones):
        names = [locale.time_zones.get(zone, {}).get("city", "") for locale in locales]
        names.append(zone.split("/")[-1].replace("_", " "))
        things.append(("city-" + folded(zone.split("/")[-1]).replace(" ", "-"), names))
    for code in sorted(locales[0].languages):
        if len(code) == 2:
            things.append((f"language-{code}", [locale.languages.get(code, "") for locale in locales]))
    # Words of other meanings in one of the languages. Names of up to three letters are found in capitals only.
    taken = {"may", "mars", "un u n", "pais", "sans", "sera", "nova", "marche", "mali e"}
    for thing, names in things:
        names = {folded(re.sub(r"\(.*?\)|\[.*?\]", "", name)) for name in names if isinstance(name, str)}
        names = sorted(name for name in names if len(name) > 1 and name not in taken and len(name.split()) <= 3)
        # A language that is called the same everywhere is found as any word is.
        if not names or (len(names) == 1 and "-" in thing and " " not in names[0]):
            continue
        taken.update(names)
        print(thing + "\t" + "|".join(names))


if __name__ == "__main__":
    main()
