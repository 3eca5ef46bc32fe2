"""How each platform wants people's identifiers written, by what it publishes itself.

`normal` is the form before any hash, None where nothing may leave. `digest` stands where the platform prints the
SHA-256 too. `SET_ASIDE` holds what is published and not followed, with what is sent instead, and why (ADR 38).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Vector:
    """One value as a shop has it, and as the platform has to get it; `source` is empty where nobody publishes it."""

    platform: str
    field: str
    written: str
    normal: str | None
    source: str = ""
    country: str = ""
    digest: str = ""

    def __str__(self) -> str:
        return f"{self.platform}-{self.field}-{self.written.strip() or 'blank'}-{self.country}"


@dataclass(frozen=True)
class SetAside:
    """A published value that is not followed, and why."""

    platform: str
    field: str
    written: str
    published: str
    sent: str | None
    why: str


_PARAMETERS = "Conversions API, Customer information parameters"
_BUILDER = "Meta's parameter builder, its tests"
_FORMATTER = "Google's formatter, its tests"
_TIKTOK = "Events API 2.0, Parameters"
_PARTNER = "TikTok's partner code"
_SNAP = "Conversions API, Parameters"

_META = [
    Vector(
        "meta",
        "email",
        "John_Smith@gmail.com",
        "john_smith@gmail.com",
        _PARAMETERS,
        digest="62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f",
    ),
    Vector("meta", "email", "     John_Smith@gmail.com    ", "john_smith@gmail.com", _BUILDER),
    Vector("meta", "email", "  John.Doe@Example.COM  ", "john.doe@example.com", _BUILDER),
    Vector("meta", "email", "    SomeOne@domain.com  ", "someone@domain.com", _BUILDER),
    Vector("meta", "email", "Test.User@Example.COM", "test.user@example.com", _BUILDER),
    Vector("meta", "email", "User123@Example123.COM", "user123@example123.com", _BUILDER),
    Vector("meta", "email", "User+Tag@Example.COM", "user+tag@example.com", _BUILDER),
    Vector("meta", "email", "First.Last@Sub.Domain.COM", "first.last@sub.domain.com", _BUILDER),
    Vector("meta", "email", "User-Name@Example-Domain.COM", "user-name@example-domain.com", _BUILDER),
    Vector(
        "meta",
        "email",
        "  Test.User+Tag123@Sub-Domain.Example.COM  ",
        "test.user+tag123@sub-domain.example.com",
        _BUILDER,
    ),
    Vector("meta", "email", "invalid-email", None, _BUILDER),
    Vector("meta", "email", "userexample.com", None, _BUILDER),
    Vector("meta", "email", "user@", None, _BUILDER),
    Vector("meta", "email", "@example.com", None, _BUILDER),
    Vector("meta", "email", "   ", None, _BUILDER),
    Vector("meta", "email", "user@@example.com", None, _BUILDER),
    Vector("meta", "email", "user name@example.com", None, _BUILDER),
    Vector("meta", "email", '"test user"@example.com', None, _BUILDER),
    Vector("meta", "email", "User_Name@Example_Domain.COM", None, _BUILDER),
    Vector(
        "meta",
        "phone",
        "(650)555-1212",
        "16505551212",
        _PARAMETERS,
        "US",
        "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176",
    ),
    Vector("meta", "phone", "+1 (616) 954-78 88", "16169547888", _BUILDER),
    Vector("meta", "phone", "+001 (616) 954-78 88", "16169547888", _BUILDER),
    Vector("meta", "phone", "1(650)123-4567", "16501234567", _BUILDER, "US"),
    Vector("meta", "phone", "01(650)123-4567", "16501234567", _BUILDER, "US"),
    Vector("meta", "phone", "+1 (555) 123-4567", "15551234567", _BUILDER),
    Vector("meta", "phone", "+15551234567", "15551234567", _BUILDER),
    Vector("meta", "phone", "0015551234567", "15551234567", _BUILDER),
    Vector("meta", "phone", "+44 20 1234 5678", "442012345678", _BUILDER),
    Vector("meta", "phone", "  4792813113", "4792813113", _BUILDER, "NO"),
    Vector("meta", "phone", "()- +.", None, _BUILDER),
    Vector("meta", "phone", "0000", None, _BUILDER),
    Vector("meta", "phone", "   ", None, _BUILDER),
    Vector("meta", "phone", "555 1212", None),
    Vector("meta", "phone", "not a number", None),
    Vector("meta", "phone", "+", None),
    Vector("meta", "phone", "12", None),
    Vector("meta", "phone", "+36201234567", "36201234567", country="HU"),
    Vector("meta", "phone", "+36 20 123 4567", "36201234567", country="HU"),
    Vector("meta", "phone", "0036 20/123-4567", "36201234567", country="HU"),
    Vector("meta", "phone", "06 20 123 4567", "36201234567", country="HU"),
    Vector(
        "meta",
        "first_name",
        "Mary",
        "mary",
        _PARAMETERS,
        digest="6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec",
    ),
    Vector(
        "meta",
        "first_name",
        "정",
        "정",
        _PARAMETERS,
        digest="8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14",
    ),
    Vector(
        "meta",
        "first_name",
        "Valéry",
        "valéry",
        _PARAMETERS,
        digest="08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c",
    ),
    Vector("meta", "last_name", " O'Brien-Smith ", "obriensmith"),
    Vector("meta", "gender", "  Male  ", "m", _BUILDER),
    Vector("meta", "gender", "  Female  ", "f", _BUILDER),
    Vector("meta", "gender", "unknown", None, _BUILDER),
    Vector("meta", "date_of_birth", "invalid-date", None, _BUILDER),
    Vector("meta", "date_of_birth", "1997-02-16", "19970216"),
    Vector("meta", "city", "  New York  ", "newyork", _BUILDER),
    Vector("meta", "city", "  San Francisco  ", "sanfrancisco", _BUILDER),
    Vector("meta", "city", "St. John's", "stjohns"),
    Vector("meta", "state", "  California  ", "ca", _BUILDER),
    Vector("meta", "state", "  New York  ", "ny", _BUILDER),
    Vector("meta", "state", "CA", "ca", country="US"),
    Vector("meta", "zip", "  12345-6789  ", "12345", _BUILDER),
    Vector("meta", "zip", "  90210-1234  ", "90210", _BUILDER),
    Vector("meta", "zip", "94035-1234", "94035", country="US"),
    Vector("meta", "zip", "M1 1AE", "m11ae", country="GB"),
    Vector("meta", "country", "  United States  ", "us", _BUILDER),
    Vector("meta", "country", "       US       ", "us", _BUILDER),
    Vector("meta", "country", "USA", "us", _BUILDER),
    Vector("meta", "country", "U.S.A.", "us", _BUILDER),
    Vector("meta", "country", "  United Kingdom  ", "gb", _BUILDER),
    Vector("meta", "country", "  Germany  ", "de", _BUILDER),
    Vector("meta", "country", "UnItEd StAtEs", "us", _BUILDER),
    Vector("meta", "country", "Cote d'Ivoire", "ci", _BUILDER),
    Vector("meta", "country", "South Korea", "kr", _BUILDER),
    Vector("meta", "country", "Czech Republic", "cz", _BUILDER),
    Vector("meta", "country", "Hungary", "hu", _BUILDER),
    Vector("meta", "country", "   ", None, _BUILDER),
    Vector("meta", "country", "123", None, _BUILDER),
]
_GOOGLE = [
    Vector("google", "email", "QuinnY@example.com", "quinny@example.com", _FORMATTER),
    Vector("google", "email", "QuinnY@EXAMPLE.com", "quinny@example.com", _FORMATTER),
    Vector(
        "google", "email", "Jefferson.Loves.hiking@gmail.com", "jeffersonloveshiking@gmail.com", _FORMATTER
    ),
    Vector(
        "google",
        "email",
        "Jefferson.LOVES.Hiking@googlemail.com",
        "jeffersonloveshiking@googlemail.com",
        _FORMATTER,
    ),
    Vector(
        "google",
        "email",
        "Cloudy.SanFrancisco+shopping@googlemail.com",
        "cloudysanfrancisco@googlemail.com",
        _FORMATTER,
    ),
    Vector(
        "google",
        "email",
        "Cloudy.SanFrancisco+shopping@gmail.com",
        "cloudysanfrancisco@gmail.com",
        _FORMATTER,
    ),
    Vector(
        "google",
        "email",
        "  alexz@EXAMPLE.com   ",
        "alexz@example.com",
        _FORMATTER,
        digest="509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a",
    ),
    Vector("google", "email", "", None, _FORMATTER),
    Vector("google", "email", "  ", None, _FORMATTER),
    Vector("google", "email", "quinn", None, _FORMATTER),
    Vector("google", "email", " @googlemail.com", None, _FORMATTER),
    Vector("google", "email", " ...@gmail.com", None, _FORMATTER),
    Vector("google", "email", "user.name+NYC@Example.com", "user.name+nyc@example.com"),
    Vector("google", "email", "+tag@gmail.com", None),
    Vector("google", "email", "two words@example.com", None),
    Vector("google", "phone", "+1 800-555-0100", "+18005550100", _FORMATTER),
    Vector("google", "phone", "   +1-800-555-0100", "+18005550100", _FORMATTER),
    Vector(
        "google",
        "phone",
        "1-800-555-0100   ",
        "+18005550100",
        _FORMATTER,
        "US",
        "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30",
    ),
    Vector("google", "phone", "+441134960987", "+441134960987", _FORMATTER),
    Vector("google", "phone", "+44-113-496-0987", "+441134960987", _FORMATTER),
    Vector("google", "phone", " +A BCD EFG ", None, _FORMATTER),
    Vector("google", "phone", "", None, _FORMATTER, "US"),
    Vector("google", "phone", "(800)555-0100", "+18005550100", country="US"),
    Vector("google", "phone", "06 20 123 4567", "+36201234567", country="HU"),
    Vector("google", "phone", "090-1234-5678", "+819012345678", country="JP"),
    Vector("google", "phone", "800 555 0100", None),
    Vector(
        "google",
        "first_name",
        "  GivenName  ",
        "givenname",
        _FORMATTER,
        digest="128a07bfe2df877c52076e60d7774cf5baaa046c5a6c48daf30ff43ecca2f814",
    ),
    Vector("google", "first_name", "Mrs. Anne", "anne"),
    Vector("google", "first_name", "Dr Ada", "ada"),
    Vector("google", "first_name", "Drew", "drew"),
    Vector("google", "first_name", "Valéry", "valéry"),
    Vector("google", "first_name", "  ", None),
    Vector(
        "google",
        "last_name",
        "  FamilyName ",
        "familyname",
        _FORMATTER,
        digest="77762c287e61ce065bee5c15464012c6fbe088398b8057627d5577249430d574",
    ),
    Vector("google", "last_name", "Smith, Jr.", "smith"),
    Vector("google", "last_name", "Smith Jr.", "smith"),
    Vector("google", "last_name", "Smith, Jr", "smith"),
    Vector("google", "last_name", "O'Brien", "o'brien"),
    Vector("google", "last_name", "Junior", "junior"),
    Vector("google", "last_name", "", None),
    Vector("google", "zip", " 1229-076  ", "1229-076", _FORMATTER),
    Vector("google", "zip", " SW1A 1AA ", "SW1A 1AA"),
    Vector("google", "zip", " ", None),
    Vector("google", "country", " uS ", "US", _FORMATTER),
    Vector("google", "country", "usa", "US"),
    Vector("google", "country", "UK", "GB"),
    Vector("google", "country", "XX", None),
    Vector("google", "country", "", None),
]
_TIKTOKS = [
    Vector(
        "tiktok",
        "email",
        " ALICE_abc@gmail.com ",
        "alice_abc@gmail.com",
        _TIKTOK,
        digest="848a771458438fc2ec420560d769fb9b9b86851ee338ec56517baabd79d3bb4f",
    ),
    Vector(
        "tiktok",
        "email",
        "  BUGSBUNNY@WARNERBROS.COM",
        "bugsbunny@warnerbros.com",
        _PARTNER,
        digest="67e28cdcc3e845d3a4da05ca9fe5ddb7320a83b4cc2167f0555a3b04f63511e3",
    ),
    Vector(
        "tiktok",
        "email",
        "  DAFFYDUCK@WARNERBROS.COM",
        "daffyduck@warnerbros.com",
        _PARTNER,
        digest="2d2fb2388f17f86affee71d632978425a3037fa8eed5b3f2baaa458c80d495ed",
    ),
    Vector("tiktok", "email", "alice", None),
    Vector(
        "tiktok",
        "phone",
        "(+1)2133734253",
        "+12133734253",
        _TIKTOK,
        digest="9f7ec22d72092cd3c0b58726ed9c2d91b92e51a3f29837508fb2948bb22dd2fd",
    ),
    Vector("tiktok", "phone", "0036 20/123-4567", "+36201234567", country="HU"),
    Vector("tiktok", "phone", "06 20 123 4567", "+36201234567", country="HU"),
    Vector("tiktok", "phone", "555 1212", None),
    Vector(
        "tiktok",
        "external_id",
        "user_123",
        "user_123",
        _TIKTOK,
        digest="80fba0ae1c48e3978e43e4efc365e14e12ea0c830ba8ba5b9a2dafc7e3f2ab8b",
    ),
    Vector("tiktok", "first_name", " Mary Ann ", "maryann"),
    Vector("tiktok", "last_name", "O'Neil", "o'neil"),
    Vector("tiktok", "city", "St. John's", "stjohns"),
    Vector("tiktok", "city", "Győr", None),
    Vector("tiktok", "state", "New York", "newyork"),
    Vector("tiktok", "zip", " SW1A 1AA", "sw1a1aa"),
    Vector("tiktok", "country", "USA", "us"),
    Vector("tiktok", "country", "Elbonia", None),
    Vector("tiktok", "phone", "+", None),
    Vector("tiktok", "external_id", "  ", None),
]
_SNAPS = [
    Vector(
        "snapchat",
        "email",
        "Person@Example.com",
        "person@example.com",
        _SNAP,
        digest="542d240129883c019e106e3b1b2d3f3cb3537c43c425364de8e951d5a3083345",
    ),
    Vector(
        "snapchat",
        "phone",
        "+44 844 412 4653",
        "448444124653",
        _SNAP,
        digest="dc008fda46e2e64002cf2f82a4906236282d431c4f75e5b60bfe79fc48546383",
    ),
    Vector("snapchat", "phone", "0044 844 412 4653", "448444124653"),
    Vector("snapchat", "phone", "+44 (0)844-412-4653", "448444124653"),
    Vector("snapchat", "phone", "0844 412 4653", "448444124653", country="GB"),
    Vector("snapchat", "phone", "448444124653", "448444124653", country="GB"),
    Vector("snapchat", "phone", "555 1212", None),
    Vector("snapchat", "phone", "not a number", None),
    Vector("snapchat", "phone", "+", None),
    Vector("snapchat", "phone", "12", None),
    Vector(
        "snapchat",
        "first_name",
        "John",
        "john",
        _SNAP,
        digest="96d9632f363564cc3032521409cf22a852f2032eec099ed5967c0d000cec607a",
    ),
    Vector(
        "snapchat",
        "first_name",
        "Raphaël",
        "raphaël",
        _SNAP,
        digest="e74bb89e718fe1e19c422a48382870399f8bf7ca8dfa008739e75b0be76627b7",
    ),
    Vector("snapchat", "last_name", " O'Brien-Smith ", "obriensmith"),
    Vector("snapchat", "gender", "Female", "f"),
    Vector("snapchat", "city", "Los Angeles", "losangeles"),
    Vector("snapchat", "state", "California", "ca", country="US"),
    Vector("snapchat", "zip", "94035-1234", "94035", country="US"),
    Vector("snapchat", "zip", "M1 1AE", "m11ae", country="GB"),
    Vector("snapchat", "external_id", " Shop-42 ", "Shop-42"),
    Vector("snapchat", "country", "USA", "us"),
]

_META_COUNTRIES = """
United States of America=us; Canada=ca; France=fr; Italy=it; Spain=es; Japan=jp; China=cn; India=in;
Brazil=br; Australia=au; Russia=ru; Russian Federation=ru; Mexico=mx; North Korea=kp; South Africa=za;
Egypt=eg; Turkey=tr; Iran=ir; Iraq=iq; Saudi Arabia=sa; Israel=il; Palestine=ps; Switzerland=ch;
Austria=at; Belgium=be; Netherlands=nl; Sweden=se; Norway=no; Denmark=dk; Finland=fi; Poland=pl;
Romania=ro; Bulgaria=bg; Greece=gr; Portugal=pt; Ireland=ie; Iceland=is; Croatia=hr; Serbia=rs;
Bosnia and Herzegovina=ba; Montenegro=me; Slovenia=si; Slovakia=sk; Estonia=ee; Latvia=lv; Lithuania=lt;
Belarus=by; Ukraine=ua; Moldova=md; Georgia=ge; Armenia=am; Azerbaijan=az; Kazakhstan=kz; Uzbekistan=uz;
Kyrgyzstan=kg; Tajikistan=tj; Turkmenistan=tm; Afghanistan=af; Pakistan=pk; Bangladesh=bd; Nepal=np;
Bhutan=bt; Sri Lanka=lk; Myanmar=mm; Thailand=th; Vietnam=vn; Cambodia=kh; Laos=la; Malaysia=my;
Singapore=sg; Indonesia=id; Philippines=ph; Brunei=bn; Taiwan=tw; Hong Kong=hk; Mongolia=mn; Algeria=dz;
Morocco=ma; Tunisia=tn; Libya=ly; Sudan=sd; South Sudan=ss; Ethiopia=et; Kenya=ke; Tanzania=tz;
Uganda=ug; Rwanda=rw; Burundi=bi; Somalia=so; Djibouti=dj; Eritrea=er; Nigeria=ng; Ghana=gh;
Ivory Coast=ci; Senegal=sn; Mali=ml; Burkina Faso=bf; Niger=ne; Chad=td; Cameroon=cm;
Central African Republic=cf; Democratic Republic of the Congo=cd; Congo=cg; Gabon=ga;
Equatorial Guinea=gq; Angola=ao; Zambia=zm; Zimbabwe=zw; Botswana=bw; Namibia=na; Mozambique=mz;
Madagascar=mg; Mauritius=mu; Seychelles=sc; Argentina=ar; Chile=cl; Peru=pe; Bolivia=bo; Ecuador=ec;
Colombia=co; Venezuela=ve; Guyana=gy; Suriname=sr; Uruguay=uy; Paraguay=py; New Zealand=nz;
Papua New Guinea=pg; Fiji=fj; Vatican=va; East Timor=tl; Timor-Leste=tl; Macedonia=mk; Swaziland=sz;
Eswatini=sz; Micronesia=fm;
"""
_COUNTRIES = [
    Vector("meta", "country", name.strip(), code, _BUILDER)
    for name, _, code in (one.partition("=") for one in _META_COUNTRIES.strip().removesuffix(";").split(";"))
]
VECTORS: list[Vector] = [*_META, *_COUNTRIES, *_GOOGLE, *_TIKTOKS, *_SNAPS]
_NO_COUNTRY = "the parameters page matches no number without its country's code"
_EXTENSION = "an extension is no part of the number that rings"
_OPAQUE = "a shop's own id is an opaque word: case and spaces may tell two people apart"
_SPACES = "Meta's own SDK keeps the space within a name, and the parameters page takes out punctuation alone"
SET_ASIDE: list[SetAside] = [
    SetAside("meta", "phone", "(555) 123-4567", "5551234567", None, _NO_COUNTRY),
    SetAside("meta", "phone", "05551234567", "5551234567", None, _NO_COUNTRY),
    SetAside("meta", "phone", "555-123-4567 x123", "5551234567123", None, _NO_COUNTRY),
    SetAside("meta", "phone", "1-800-FLOWERS", "1800", None, _NO_COUNTRY),
    SetAside("meta", "phone", "000123", "123", None, _NO_COUNTRY),
    SetAside("meta", "first_name", "  John Smith  ", "johnsmith", "john smith", _SPACES),
    SetAside("meta", "last_name", "  Mary Johnson  ", "maryjohnson", "mary johnson", _SPACES),
    SetAside("meta", "phone", "+1-(555)-123-4567 ext. 123", "15551234567123", "15551234567", _EXTENSION),
    SetAside("meta", "external_id", "     User123    ", "user123", "User123", _OPAQUE),
    SetAside("meta", "external_id", "user 123", "user123", "user 123", _OPAQUE),
    SetAside(
        "meta", "external_id", "user@domain.com", "user@domain.com", None, "it would leave in the clear"
    ),
    SetAside("meta", "country", "UK", "uk", "gb", "the parameters page asks for ISO 3166, which knows GB"),
    SetAside(
        "meta",
        "country",
        "USSR",
        "us",
        None,
        "the parameters page asks for ISO 3166; this is no country of it",
    ),
    SetAside(
        "meta", "country", "XX", "xx", None, "the parameters page asks for ISO 3166; this is no country of it"
    ),
    SetAside(
        "meta", "date_of_birth", "01/15/1990", "19900115", None, "a day before its month reads the same"
    ),
]
