"""What the columns are called in the files that arrive, in English, French and Spanish."""

import re
import unicodedata
from functools import lru_cache

NAME, FIRST_NAME, LAST_NAME = "name", "first_name", "last_name"
IGNORED = "-"

_WORDS = {
    NAME: """
        name; full name; names; name of expert; name of the expert; expert; expert name;
        experts; resource person; resource persons; name of resource person; name of the
        resource person; person; contact person; nom; nom complet; nom et prenom; nom et
        prenoms; noms et prenoms; nom prenom; nom prenoms; prenom et nom; nom de l expert;
        personne ressource; nombre; nombre completo; nombre y apellido; nombre y apellidos;
        nombres y apellidos; apellidos y nombres; nombre del experto; experto
        """,
    FIRST_NAME: """
        first name; first names; given name; given names; forename; prenom; prenoms; nombres
        """,
    LAST_NAME: """
        last name; surname; family name; nom de famille; apellido; apellidos
        """,
    "position": """
        position; title; job title; function; designation; post; role; occupation; current
        position; position title; fonction; poste; titre; cargo; puesto; funcion; titulo
        """,
    "organisation": """
        organisation; organization; organisations; affiliation; institution; institute;
        company; employer; ministry; agency; name of organisation; name of organization;
        organisation name; organization name; name of institution; organisme; employeur;
        entreprise; etablissement; ministere; organizacion; institucion; afiliacion; entidad;
        empresa; ministerio
        """,
    "country": """
        country; countries; country name; country of residence; state; pays; pays de
        residence; pais; pais de residencia
        """,
    "region": """
        region; un region; geographical region
        """,
    "terms": """
        expertise; field of expertise; fields of expertise; field s of expertise; area of
        expertise; areas of expertise; area s of expertise; expertise area; expertise areas;
        field; fields; speciality; specialty; specialities; specialties; specialisation;
        specialization; competence; competences; topics; domaine d expertise; domaines d
        expertise; domaine s d expertise; domaine de competence; domaines de competence;
        specialite; specialites; area de experiencia; areas de experiencia; area de
        especialidad; areas de especialidad; campo de especializacion; campos de
        especializacion; especialidad; especialidades; pericia; area de conocimiento; areas de
        conocimiento
        """,
    "languages": """
        languages; language; language s; working languages; working language; languages
        spoken; spoken languages; langue; langues; langues parlees; langues de travail;
        idioma; idiomas; lengua; lenguas
        """,
    "email": """
        e mail; email; mail; e mail address; email address; e mails; emails; email addresses;
        contact email; contact e mail; courriel; adresse e mail; adresse email; adresse mail;
        adresse electronique; adresse courriel; courrier electronique; correo; correo
        electronico; direccion de correo; direccion de correo electronico
        """,
    "phone": """
        phone; tel; telephone; phone number; phone no; tel no; telephone number; telephone no;
        mobile; mobile phone; cell phone; contact number; tel number; numero de telephone;
        telefono; numero de telefono; movil; celular
        """,
    "summary": """
        summary; short summary; profile; short profile; bio; biography; short bio;
        description; resume; profil; resumen; perfil; descripcion
        """,
    "experience": """
        experience; experience in mercury waste; mercury waste experience; experience on
        mercury waste; relevant experience; professional experience; work experience;
        experience in mercury waste management; experience professionnelle; experiencia;
        experiencia en residuos de mercurio; experiencia profesional; experience dans les
        dechets de mercure
        """,
    "worked_in": """
        worked in; countries worked in; country experience; countries of experience;
        experience in countries; pays d intervention; pays ou l expert a travaille; a
        travaille dans; paises en los que ha trabajado; paises de trabajo; ha trabajado en
        """,
    "remote_advice": """
        remote advice; advice at a distance; conseil a distance; asesoramiento a distancia
        """,
    "missions": """
        missions; mission; available for missions; misiones
        """,
    "training": """
        training; trainer; training courses; formation; formations; capacitacion; formacion
        """,
    "available_from": """
        available from; disponible a partir du; disponible desde
        """,
    "available_until": """
        available until; available to; disponible jusqu au; disponible hasta
        """,
    "website": """
        website; web site; web; url; homepage; home page; web page; webpage; site; site web;
        site internet; sitio web; pagina web; link
        """,
    "orcid": """
        orcid; orcid id; orcid number
        """,
    "linkedin": """
        linkedin; linked in; linkedin profile; profil linkedin; perfil de linkedin
        """,
    "imported_updated_on": """
        last updated; last update; updated; updated on; date of update; date of last update;
        update; date; date updated; derniere mise a jour; mise a jour; date de mise a jour;
        mis a jour; ultima actualizacion; actualizado; fecha de actualizacion; fecha
        """,
    IGNORED: """
        confirmed; status; no; nr; number; n; s no; serial number; numero; remarks; fax; who
        may see the e mail; who may see the phone
        """,
}

FIELDS = {
    " ".join(words.split()): field for field, text in _WORDS.items() for words in text.split(";")
}

#: Several columns of one of these are put together; of other fields the first with a value counts.
LISTS = frozenset({"terms", "languages", "worked_in"})


@lru_cache(maxsize=20_000)
def key(text: str) -> str:
    """Without accents, case and punctuation, so that spellings of one word are equal."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(
        " " if not char.isalnum() else char for char in plain if not unicodedata.combining(char)
    )
    return " ".join(plain.split())


def field_of(header) -> str | None:
    """The field that a header names, `IGNORED` for one that is known and not read, or None."""
    if not isinstance(header, str) or len(header) > 200:
        return None
    if found := FIELDS.get(key(header)):
        return found
    without_note = re.sub(r"\([^)]*\)", " ", header)
    if found := FIELDS.get(key(without_note)):
        return found
    for piece in re.split(r"[/\n|]| - ", without_note):  # 'Nom / Name', 'Position/Title'
        if found := FIELDS.get(key(piece)):
            return found
    return None
