"""Words that say nothing by themselves, by language: they are no terms, and no part of a phrase.

Short lists on purpose: of a few dozen comments every word that could matter is wanted, and lists made for search engines
take "call", "first" or "value" away. Only languages listed here are known; in any other one every word counts.
"""

_EN = """
a about actually after again all also although always am an and any anything are as at away be because been before being
both but by can cannot could did do does doing done down during each either else etc even every everything few for from
further get gets getting give go goes going got had has have having he her here hers him his how i if in into is it its
just know least less let like lot made make makes many may maybe me might mine more most much must my need needs of off
often on once one only onto or other our ours out over own per perhaps please quite rather really same see seems she should
since so some something still such sure take than that the their theirs them then there these they thing things think this
those though through to too under until up upon us usually very was way we well were what when where whether which while who
whole whom whose why will with within would yes yet you your yours
i'd i'll i'm i've he's she's it's we'd we'll we're we've you'd you'll you're you've they'd they'll they're they've that's
there's what's let's who's
"""

_DE = """
ab aber alle allem allen aller alles als also am an ander andere anderem anderen anderer anderes auch auf aus bei beim bereits
besser bin bis bist bitte da dabei dadurch dafür dagegen daher dahin damit dann daran darauf daraus darf darin darüber darum
das dass davon davor dazu dein deine dem den denn der deren des deshalb dessen dich die dies diese diesem diesen dieser dieses
dir doch dort du durch dürfen eben ebenso eher eigentlich ein eine einem einen einer eines einfach einige einigen einmal er es
etwa etwas euch euer eure für ganz gar gegen genau gerade gerne gibt haben habe hat hatte hatten hätte hätten hier hin hinter
ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im immer in indem ins irgendwie ist ja je jede jedem jeden jeder jedes jedoch jemand
jetzt kann kannst können könnte könnten leider machen macht mal man manche manchmal mehr mein meine meist meistens mich mir mit
möchte müssen muss müsste nach nachdem nämlich natürlich noch nun nur ob oder oft ohne sehr sein seine seinem seinen seiner seit
selbst sich sie sind so sobald sogar solche sollen soll sollte sollten sondern sonst soweit sowie statt trotzdem über um und uns
unser unsere unserem unseren unserer unter usw viel viele vielen vielleicht vom von vor wann war waren warum was weil weiter
welche welchem welchen welcher welches wenig wenn wer werde werden wie wieder will wir wird wirklich wo wollen worden wurde
wurden würde würden z.b zu zum zur zwar zwischen
"""

_FR = """
à afin ai aie ainsi alors après as assez au aucun aucune aujourd'hui aussi autre autres aux avaient avait avant avec avez avoir avons
beaucoup bien bon car ce ceci cela celle celles celui ces cet cette ceux chaque chez comme comment contre d'abord dans de depuis
des dès deux devrait devraient doit doivent donc dont du elle elles en encore entre es est et étaient était étant été être eu eux
faire fait faut fois font il ils je jusque la là le les lequel leur leurs lors lorsque lui ma mais me même mêmes mes mien moi moins
mon nos notre nous on ont ou où oui par parce parfois pendant peu peut peuvent plupart plus plusieurs plutôt pour pourquoi
pouvoir puis puisque qu quand que quel quelle quelles quels quelque quelques qui quoi sa se sera serait ses seulement si sien soi
sois soit sommes son sont souvent sous suis sur surtout ta tandis te tel telle tes toi ton toujours tous tout toute toutes très
trop tu un une vers veut voici voilà vos votre vous vraiment y
"""

_ES = """
a además ahora al algo alguien algún alguna algunas alguno algunos allí ante antes aquel aquella aquí así aún aunque bastante bien
cada casi como cómo con contra cosa cosas creo cual cuál cuales cualquier cuando cuándo cuanto de debe deben debería deberían del
demás demasiado dentro desde después donde dónde dos durante e el él ella ellas ello ellos en entonces entre era eran eres es esa
esas ese eso esos está están estas esta estamos estar este esto estos estoy fue fueron ha había habían hace hacemos hacen hacer hacia
han has hasta hay he incluso la las le les lo los luego más mayor me mejor menos mi mientras mis misma mismo mismos mucha muchas
mucho muchos muy nos nosotros nuestra nuestras nuestro nuestros o os otra otras otro otros para parte pero poco pocos podemos
poder podría podrían por porque pues puede pueden puedo que qué quien quién quienes se sea sean según ser será si sí siempre sido
sobre sois solo sólo somos son soy su sus suya suyo tal también tan tanto te tener tenemos tengo ti tiene tienen toda todas todavía
todo todos tras tu tus u un una unas uno unos usted ustedes va vamos van veces vez vosotros y ya yo
"""

STOP_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(word.casefold() for word in words.split())
    for language, words in (("en", _EN), ("de", _DE), ("fr", _FR), ("es", _ES))
}
"""Casefolded, by two-letter code of the language."""

NEGATIONS: dict[str, frozenset[str]] = {
    "en": frozenset(
        [
            "not",
            "no",
            "never",
            "without",
            "none",
            "nobody",
            "nothing",
            "don't",
            "doesn't",
            "didn't",
            "isn't",
            "aren't",
            "wasn't",
            "can't",
            "won't",
        ]
    ),
    "de": frozenset(
        [
            "nicht",
            "nichts",
            "nie",
            "niemals",
            "niemand",
            "kein",
            "keine",
            "keinem",
            "keinen",
            "keiner",
            "keines",
            "ohne",
        ]
    ),
    "fr": frozenset(["ne", "non", "pas", "jamais", "rien", "personne", "sans", "ni"]),
    "es": frozenset(["no", "nunca", "jamás", "nada", "nadie", "sin", "ni", "ningún", "ninguna", "ninguno"]),
}
"""Words that turn the next one round: no terms by themselves, but the first of a phrase (“not ready”)."""

ELISIONS: dict[str, tuple[str, ...]] = {
    "fr": ("jusqu'", "lorsqu'", "puisqu'", "quoiqu'", "qu'", *(f"{letter}'" for letter in "cdjlmnst")),
}
"""What may be grown together with the next word, with its apostrophe."""
