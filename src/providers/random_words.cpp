#include "providers/random_words.h"

namespace terrace::providers {

namespace {

constexpr const char* kAdverbs[] = {
    "actively",  "badly",     "barely",     "blindly",   "boldly",     "bravely",   "briefly",    "brightly",
    "calmly",    "carefully", "cheerfully", "clearly",   "closely",    "commonly",  "constantly", "daily",
    "deadly",    "deeply",    "deftly",     "directly",  "distinctly", "duly",      "eagerly",    "early",
    "easily",    "endlessly", "entirely",   "evenly",    "exactly",    "fairly",    "faithfully", "firmly",
    "formerly",  "frankly",   "freely",     "freshly",   "friendly",   "fully",     "generally",  "gently",
    "gladly",    "gradually", "greatly",    "happily",   "hardly",     "heartily",  "heavily",    "highly",
    "honestly",  "hugely",    "humbly",     "ideally",   "instantly",  "jointly",   "justly",     "keenly",
    "kindly",    "largely",   "lately",     "legally",   "lightly",    "likely",    "lively",     "locally",
    "loosely",   "loudly",    "loyally",    "luckily",   "mainly",     "merely",    "mildly",     "mostly",
    "mutually",  "namely",    "nearly",     "neatly",    "newly",      "nicely",    "notably",    "openly",
    "orderly",   "partly",    "patiently",  "perfectly", "plainly",    "politely",  "poorly",     "possibly",
    "precisely", "promptly",  "properly",   "publicly",  "quickly",    "quietly",   "rapidly",    "rarely",
    "readily",   "really",    "recently",   "regularly", "rightly",    "roughly",   "safely",     "secretly",
    "seemingly", "sharply",   "shortly",    "silently",  "simply",     "sincerely", "slightly",   "slowly",
    "smoothly",  "softly",    "solely",     "soundly",   "steadily",   "strictly",  "strongly",   "suddenly",
    "surely",    "swiftly",   "thankfully", "thickly",   "thoroughly", "tightly",   "totally",    "truly",
    "usefully",  "usually",   "vastly",     "visibly",   "warmly",     "weekly",    "wholly",     "widely",
    "wildly",    "willingly", "wisely",     "yearly"};

constexpr const char* kAdjectives[] = {
    "able",     "active",   "adapted",  "alert",    "alive",    "amazed",   "ample",    "apt",      "artistic",
    "assured",  "awake",    "balanced", "beloved",  "big",      "blessed",  "bold",     "brave",    "brief",
    "bright",   "busy",     "calm",     "capable",  "caring",   "casual",   "central",  "certain",  "charming",
    "cheerful", "civil",    "classic",  "clean",    "clear",    "clever",   "close",    "coherent", "comic",
    "complete", "concise",  "content",  "cool",     "correct",  "cosmic",   "crisp",    "curious",  "cunning",
    "daring",   "darling",  "dear",     "decent",   "deep",     "definite", "devoted",  "direct",   "distinct",
    "divine",   "dynamic",  "eager",    "easy",     "elegant",  "eminent",  "endless",  "engaged",  "enough",
    "epic",     "equal",    "eternal",  "ethical",  "exact",    "exciting", "expert",   "fair",     "faithful",
    "famous",   "fast",     "fine",     "firm",     "fit",      "fleet",    "flexible", "fluent",   "fond",
    "frank",    "free",     "fresh",    "full",     "fun",      "gentle",   "genuine",  "giving",   "glad",
    "golden",   "good",     "grand",    "grateful", "great",    "growing",  "guided",   "handy",    "happy",
    "hardy",    "harmless", "healthy",  "helpful",  "holy",     "honest",   "hopeful",  "humane",   "humble",
    "ideal",    "immense",  "improved", "infinite", "intense",  "inviting", "joint",    "just",     "keen",
    "key",      "kind",     "knowing",  "known",    "large",    "lasting",  "leading",  "learning", "legible",
    "lenient",  "liberal",  "light",    "live",     "logical",  "loved",    "loving",   "loyal",    "lucky",
    "magical",  "main",     "major",    "many",     "mature",   "mellow",   "merry",    "mighty",   "mint",
    "model",    "modern",   "modest",   "moral",    "moved",    "musical",  "mutual",   "natural",  "neat",
    "needed",   "neutral",  "new",      "nice",     "noble",    "normal",   "notable",  "novel",    "open",
    "optimal",  "organic",  "patient",  "peaceful", "perfect",  "pleasant", "pleased",  "poetic",   "polite",
    "popular",  "positive", "precious", "precise",  "premium",  "pretty",   "prime",    "prompt",   "proper",
    "proud",    "proven",   "pure",     "quality",  "quick",    "quiet",    "rapid",    "rare",     "rational",
    "ready",    "real",     "refined",  "regular",  "related",  "relaxed",  "relevant", "renewed",  "resolved",
    "rested",   "rich",     "right",    "robust",   "romantic", "sacred",   "safe",     "secure",   "select",
    "settled",  "sharp",    "shining",  "simple",   "sincere",  "singular", "smart",    "smooth",   "social",
    "solid",    "sound",    "special",  "splendid", "stable",   "star",     "steady",   "sterling", "still",
    "strong",   "stunning", "subtle",   "suited",   "summary",  "sunny",    "super",    "supreme",  "sure",
    "sweet",    "talented", "teaching", "tender",   "thankful", "thorough", "tidy",     "tight",    "together",
    "tops",     "touched",  "tough",    "true",     "trusted",  "trusty",   "ultimate", "unbiased", "unified",
    "unique",   "united",   "upward",   "useful",   "usable",   "valid",    "valued",   "vast",     "verified",
    "vital",    "vocal",    "warm",     "wealthy",  "welcome",  "well",     "whole",    "willing",  "winning",
    "wise",     "witty",    "wondrous", "workable", "worthy"};

constexpr const char* kNames[] = {
    "aardvark", "albacore", "alien",    "alpaca",   "amoeba",   "anchovy",  "anemone",  "ant",      "anteater",
    "antelope", "ape",      "aphid",    "badger",   "baboon",   "bass",     "bat",      "beagle",   "bear",
    "beetle",   "bengal",   "bird",     "bison",    "blowfish", "bluebird", "bluegill", "bluejay",  "boa",
    "boar",     "bobcat",   "bonefish", "bream",    "buck",     "buffalo",  "bull",     "bullfrog", "bunny",
    "burro",    "buzzard",  "calf",     "camel",    "cardinal", "caribou",  "cat",      "catfish",  "cattle",
    "chamois",  "cheetah",  "chicken",  "chigger",  "chimp",    "chipmunk", "clam",     "cobra",    "cod",
    "collie",   "colt",     "condor",   "coral",    "corgi",    "cougar",   "cow",      "cowbird",  "coyote",
    "crab",     "cricket",  "crane",    "crawdad",  "crayfish", "crow",     "cub",      "dane",     "deer",
    "dingo",    "dinosaur", "doberman", "dodo",     "doe",      "dog",      "dolphin",  "donkey",   "dory",
    "dove",     "drake",    "drum",     "duck",     "duckling", "eagle",    "earwig",   "eel",      "eft",
    "egret",    "elephant", "elf",      "elk",      "emu",      "escargot", "ewe",      "falcon",   "fawn",
    "feline",   "ferret",   "filly",    "finch",    "firefly",  "fish",     "flamingo", "flea",     "flounder",
    "fly",      "foal",     "fowl",     "fox",      "foxhound", "frog",     "gannet",   "gar",      "garfish",
    "gator",    "gazelle",  "gecko",    "gelding",  "ghost",    "ghoul",    "gibbon",   "glider",   "gnat",
    "gnu",      "goat",     "goblin",   "goldfish", "goose",    "gopher",   "gorilla",  "goshawk",  "grackle",
    "griffon",  "grizzly",  "grouper",  "grouse",   "grub",     "grubworm", "guinea",   "gull",     "guppy",
    "haddock",  "hagfish",  "halibut",  "hamster",  "hare",     "hawk",     "hen",      "hermit",   "heron",
    "herring",  "hippo",    "hog",      "honeybee", "hookworm", "hornet",   "horse",    "hound",    "humpback",
    "husky",    "hyena",    "ibex",     "iguana",   "imp",      "impala",   "insect",   "jackal",   "jackass",
    "jaguar",   "javelin",  "jay",      "jaybird",  "jennet",   "joey",     "kangaroo", "katydid",  "kid",
    "killdeer", "kingfish", "kit",      "kite",     "kitten",   "kiwi",     "koala",    "kodiak",   "koi",
    "krill",    "lab",      "labrador", "lacewing", "ladybird", "ladybug",  "lamb",     "lamprey",  "lark",
    "leech",    "lemming",  "lemur",    "leopard",  "liger",    "lion",     "lionfish", "lizard",   "llama",
    "lobster",  "locust",   "longhorn", "loon",     "louse",    "lynx",     "macaque",  "macaw",    "mackerel",
    "maggot",   "magpie",   "mako",     "malamute", "mallard",  "mammal",   "mammoth",  "man",      "manatee",
    "mantis",   "marlin",   "marmoset", "marmot",   "marten",   "martin",   "mastiff",  "mastodon", "mayfly",
    "meerkat",  "midge",    "mink",     "minnow",   "mite",     "moccasin", "mole",     "mollusk",  "molly",
    "monarch",  "mongoose", "mongrel",  "monitor",  "monkey",   "monkfish", "monster",  "moose",    "moray",
    "mosquito", "moth",     "mouse",    "mudfish",  "mule",     "mullet",   "muskox",   "muskrat",  "mustang",
    "mutt",     "narwhal",  "newt",     "ocelot",   "octopus",  "oarfish",  "opossum",  "orca",     "oriole",
    "oryx",     "osprey",   "ostrich",  "owl",      "ox",       "oyster",   "panda",    "pangolin", "panther",
    "parakeet", "parrot",   "peacock",  "pegasus",  "pelican",  "penguin",  "perch",    "pheasant", "phoenix",
    "pig",      "pigeon",   "piglet",   "pika",     "pipefish", "piranha",  "platypus", "polecat",  "polliwog",
    "pony",     "poodle",   "porpoise", "possum",   "prawn",    "primate",  "puma",     "pup",      "python",
    "quagga",   "quail",    "quetzal",  "rabbit",   "raccoon",  "ram",      "raptor",   "rat",      "rattler",
    "raven",    "ray",      "redbird",  "redfish",  "reindeer", "reptile",  "rhino",    "ringtail", "robin",
    "rodent",   "rooster",  "roughy",   "sailfish", "salmon",   "satyr",    "sawfish",  "sawfly",   "scorpion",
    "sculpin",  "seagull",  "seahorse", "seal",     "seasnail", "serval",   "shad",     "shark",    "sheep",
    "sheepdog", "shepherd", "shiner",   "shrew",    "shrimp",   "skink",    "skunk",    "skylark",  "sloth",
    "slug",     "snail",    "snake",    "snapper",  "snipe",    "sole",     "spaniel",  "sparrow",  "spider",
    "sponge",   "squid",    "squirrel", "stag",     "stallion", "starfish", "starling", "stingray", "stinkbug",
    "stork",    "stud",     "sturgeon", "sunbeam",  "sunbird",  "sunfish",  "swan",     "swift",    "swine",
    "tadpole",  "tahr",     "tapir",    "tarpon",   "teal",     "termite",  "terrapin", "terrier",  "tetra",
    "thrush",   "tick",     "tiger",    "titmouse", "toad",     "tomcat",   "tortoise", "toucan",   "treefrog",
    "troll",    "trout",    "tuna",     "turkey",   "turtle",   "unicorn",  "urchin",   "vervet",   "viper",
    "vulture",  "wahoo",    "wallaby",  "walleye",  "walrus",   "warthog",  "wasp",     "weasel",   "weevil",
    "werewolf", "whale",    "whippet",  "wildcat",  "wolf",     "wombat",   "woodcock", "worm",     "wren",
    "yak",      "yeti",     "zebra"};

}  // namespace

std::span<const char* const> pet_adverbs() {
  return kAdverbs;
}

std::span<const char* const> pet_adjectives() {
  return kAdjectives;
}

std::span<const char* const> pet_names() {
  return kNames;
}

}  // namespace terrace::providers
