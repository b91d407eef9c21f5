"""The voices and languages Twilio has: who speaks, what is understood, and how much one <Say> takes."""

import re

BASIC_VOICES = frozenset({"man", "woman", "alice"})
_POLLY = {
    "": """Aditi Amy Astrid Bianca Brian Camila Carla Carmen Celine Chantal Conchita Cristiano Dora Emma Enrique
        Ewa Filiz Geraint Giorgio Gwyneth Hans Ines Ivy Jacek Jan Joanna Joey Justin Karl Kendra Kevin Kimberly
        Lea Liv Lotte Lucia Lupe Mads Maja Marlene Mathieu Matthew Maxim Mia Miguel Mizuki Naja Nicole Penelope
        Raveena Ricardo Ruben Russell Salli Seoyeon Takumi Tatyana Vicki Vitoria Zeina Zhiyu""",
    "-Neural": """Adriano Amy Andres Aria Arlet Arthur Ayanda Bianca Brian Burcu Camila Daniel Danielle Elin Emma
        Gabrielle Gregory Hala Hannah Hiujin Ida Ines Isabelle Ivy Joanna Joey Justin Kajal Kazuha Kendra Kevin
        Kimberly Laura Lea Liam Lisa Lucia Lupe Matthew Mia Niamh Ola Olivia Pedro Remi Ruth Salli Seoyeon Sergio
        Sofie Stephen Suvi Takumi Thiago Tomoko Vicki Vitoria Zayd Zhiyu""",
    "-Generative": """Amy Andres Ayanda Bianca Daniel Danielle Joanna Kajal Lea Lucia Lupe Matthew Mía Olivia Pedro
        Rémi Ruth Sergio Stephen Vicki""",
}
POLLY_VOICES = frozenset(f"Polly.{name}{kind}" for kind, names in _POLLY.items() for name in names.split())
_GOOGLE = re.compile(
    r"Google\.(?:(?:[a-z]{2,3}-[A-Z]{2}|fil-ph)-(?:Standard|Wavenet|Neural2)-[A-JNO]"
    r"|[a-z]{2,3}-[A-Z]{2}-Chirp3-HD-(?:Aoede|Charon|Fenrir|Kore|Leda|Orus|Puck|Zephyr))"
)
LONGEST_SAY = {"basic": 4096, "polly": 3000, "google": 5000}


def known_voice(voice: str) -> bool:
    """Whether <Say> has this voice. Google's are known by their form, the others by name."""
    return voice in BASIC_VOICES or voice in POLLY_VOICES or _GOOGLE.fullmatch(voice) is not None


SAY_LANGUAGES = """
    af-ZA am-ET ar-AE ar-XA arb bg-BG bn-IN ca-ES cmn-CN cmn-TW cs-CZ cy-GB da-DK de-AT de-DE el-GR en-AU
    en-CA en-GB en-GB-WLS en-IE en-IN en-NZ en-US en-ZA es-ES es-MX es-US fi-FI fil-PH fr-CA fr-FR fr-BE
    gu-IN he-IL hi-IN hu-HU id-ID is-IS it-IT ja-JP kn-IN ko-KR lv-LV ml-IN mr-IN ms-MY nb-NO nl-BE nl-NL
    pa-IN pl-PL pt-BR pt-PT ro-RO ru-RU sk-SK sr-RS sv-SE ta-IN te-IN th-TH tr-TR uk-UA vi-VN yue-HK
    zh-CN zh-HK zh-TW
"""
GATHER_LANGUAGES = """
    af-ZA am-ET ar-AE ar-BH ar-DZ ar-EG ar-IL ar-IQ ar-JO ar-KW ar-LB ar-MA ar-OM ar-PS ar-QA ar-SA ar-TN
    az-AZ bg-BG bn-BD bn-IN ca-ES cs-CZ da-DK de-DE el-GR en-AU en-CA en-GB en-GH en-IE en-IN en-KE en-NG
    en-NZ en-PH en-SG en-TZ en-US en-ZA es-AR es-BO es-CL es-CO es-CR es-DO es-EC es-ES es-GT es-HN es-MX
    es-NI es-PA es-PE es-PR es-PY es-SV es-US es-UY es-VE et-EE eu-ES fa-IR fi-FI fil-PH fr-CA fr-FR
    gl-ES gu-IN he-IL hi-IN hr-HR hu-HU hy-AM id-ID is-IS it-IT ja-JP jv-ID ka-GE km-KH kn-IN ko-KR lo-LA
    lt-LT lv-LV mk-MK ml-IN mn-MN mr-IN ms-MY my-MM nar-IQ nb-NO ne-NP nl-BE nl-NL pa-guru-IN pl-PL pt-BR
    pt-PT ro-RO ru-RU si-LK sk-SK sl-SI sq-AL sr-RS su-ID sv-SE sw-KE sw-TZ ta-IN ta-LK ta-MY ta-SG te-IN
    th-TH tr-TR uk-UA ur-IN ur-PK uz-UZ vi-VN yue-Hant-HK zh cmn-Hans-CN zh-TW cmn-Hant-TW zu-ZA
"""
FOR_TELEPHONES = "en-US en-GB en-AU fr-FR fr-CA ja-JP ru-RU es-US es-ES pt-BR"
