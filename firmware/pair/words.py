"""256 words that are hard to mistake for one another, by ear and by eye: no two are one letter apart."""

_TEXT = """
    acorn actor agent alarm album alder almond amber anchor angel ankle apple apron arrow aspen atlas attic
    autumn badge bagel bamboo banjo barley basil basket beacon beaver berry bishop bison blanket bonnet bottle
    boulder bramble brick bridge bronze broom bucket buffalo bugle butter button cabin cactus camel candle canoe
    canyon carbon carpet castle cedar cellar cherry chess chimney cider cinema circle citrus clover cobalt
    coconut coffee comet compass copper coral cotton cougar cradle crane crayon cricket crown crystal cymbal
    dagger daisy dancer denim desert dingo dolphin domino dragon drum eagle easel echo elbow elephant emerald
    engine falcon fender fern fiddle finch flamingo flute forest fossil fox fudge galaxy garden garlic gecko
    ginger giraffe glacier goblet gopher gravel guitar hammer harbor harvest hazel hedge helmet hermit heron
    hippo honey hunter iceberg igloo indigo iris island ivory jacket jaguar jasmine jelly jewel jigsaw jungle
    juniper kayak kernel kettle kitten koala ladder lagoon lantern lemon leopard lilac linen lobster lotus
    lumber lynx magnet maple marble meadow melon meteor mirror monkey mosaic mustard napkin nectar needle nickel
    noodle nutmeg oasis ocean olive onion opal orchid osprey otter oyster paddle panda paper parrot pebble
    pelican pencil pepper piano pigeon pirate planet plum pocket poppy potato prairie pretzel prism puffin
    pumpkin puzzle python quartz quiver rabbit radar radish raven ribbon river robin saffron salmon sandal
    sapphire satin scarf seal shadow silver sparrow spider squid sunset swan tango teapot thistle ticket tiger
    timber tomato trumpet tulip turtle umbrella unicorn valley vanilla velvet violin walnut walrus whisker
    willow window wizard wolf zebra zigzag zinc
"""

WORDS = tuple(_TEXT.split())
