/**
 * The common words of the bench's captions: the commonest with how often they occur, the others in falling order. What
 * comes behind them is taken from WordNet's nouns (vocabulary.ts).
 */

/** Occurrences in a thousand words of a caption. */
export const commonest: readonly (readonly [word: string, perMille: number])[] = [
  ["the", 67],
  ["a", 59],
  ["of", 31],
  ["in", 27],
  ["on", 23],
  ["and", 19],
  ["with", 15],
  ["to", 13],
  ["person", 12],
  ["for", 10],
  ["at", 10],
  ["is", 7],
  ["this", 6],
  ["an", 5],
  ["from", 5],
  ["during", 5],
  ["by", 5],
  ["s", 4],
  ["as", 4],
  ["up", 4],
  ["background", 3.6],
  ["white", 3.3],
  ["man", 3.2],
  ["woman", 3.1],
  ["his", 3],
  ["her", 2.9],
  ["view", 2.8],
  ["that", 2.8],
  ["you", 2.8],
  ["it", 2.6],
];

/** The next ones, the more frequent first. */
export const common: readonly string[] = `
young image are city was girl your over water out after day photo their room people tree beach new car all black red
house be blue old film player into through like my can team game front first wedding home dress have close night look
street dog art one has flowers show wall world sky building road green time table hand little small rock down he river
country sunset will or walking love sea back but while make park fashion shot what she these along model hair glass
field holding winter set food family boy light pattern top standing summer boat painting wearing camera book year side
head pink window there who women large no more lake sign horse inside bridge ball flag picture living cat here vintage
party baby part mountain smiling group right way floor garden child morning flower yellow left behind forest heart
autumn which around not our if they just other happy when about near under big cute were next long most been would had
traditional away where together covered fresh many between very another bright taken used across different dressed hot
sunny among every painted decorated sits never him both huge enjoying famous without moving those unique too own
filled less wide below warm frozen again within parked rural sandy played healthy carved since shown sad busy soft rare
looking sitting playing running riding eating reading driving talking dancing swimming cooking climbing flying hanging
isolated colorful beautiful wooden cozy tiny ancient modern elegant rustic wild golden silver striped fluffy shiny
church train bird fish ship paper leather metal stone grass cloud leaf branch fence gate tower castle market harbor
kitchen bedroom bathroom office school village town island valley desert jungle cliff shore wave storm rain snow ice
fire smoke dust sand mud coffee tea bread cake cheese fruit apple orange lemon salad soup plate bowl cup bottle knife
chair bed lamp door roof stairs mirror carpet curtain shelf basket box bag hat coat shirt shoe ring watch phone screen
piano guitar drum song music concert crowd stage dance story letter word map card poster stamp coin key clock wheel
engine truck bus bicycle plane rocket robot machine tool rope wire brick tile glove scarf boot helmet sword crown
doctor teacher student farmer soldier singer driver sailor hunter worker painter writer king queen bride groom
`.trim().split(/\s+/);

/** Verbs of which the tail holds several forms; each takes "s", "ed" and "ing" as it stands. */
export const verbs: readonly string[] = `
pick pack lift kick pull push paint print plant plant walk talk jump climb clean clear cover collect connect count
crash cross curl deck display dress drift end enter farm fill float flow fold gather greet hand heat help hunt kiss
land laugh lean light line load lock look mark mix mount need open order park pass perform play point pour reach rest
return roll row sail scatter search seat shout show sign soak sort spill splash spread stack start stay stitch stretch
surf sweep tilt touch tour train travel treat trick trust turn twist visit wait warm wash water wander weather work
`.trim().split(/\s+/).filter((verb, i, all) => all.indexOf(verb) === i);

/** Adjectives of the tail, which WordNet does not hold as nouns. */
export const adjectives: readonly string[] = `
adorable angry aquatic arid attractive autumnal awesome bearded blurry breezy brilliant brownish bulky bustling
calm careful cheap cheerful chilly chubby circular clumsy coastal comfortable creamy crispy curious curly cuddly dainty
damp dangerous decorative delicate delicious dense dirty distant dreamy dusty eager empty enormous exotic expensive
fancy fearless festive fierce floral foggy foolish fragrant frosty funny furry gentle ghostly gigantic glamorous gloomy
glossy gorgeous graceful grainy grassy grateful greasy grim hairy handsome harsh hazy heavy helpful historic hollow
humble humid hungry icy immense innocent jagged jolly joyful juicy lazy leafy lively lonely lovely lucky lush magical
massive mighty mild minimal misty moist muddy narrow nautical nervous noisy nostalgic oily ornate outdoor pale peaceful
picturesque playful polite posh powerful precious pretty proud puffy quaint rainy rapid ripe rocky romantic rugged rusty
scenic serene shabby shallow shy silky silly sleepy slender slippery sloppy smooth snowy spacious sparkly spicy spooky
steep sticky stormy stunning stylish sturdy swampy symmetrical tasty tender thirsty thorny timid tropical ugly urban
vast vibrant vivid wavy weary wealthy windy wintry wise witty woolly wrinkled zesty
`.trim().split(/\s+/);
