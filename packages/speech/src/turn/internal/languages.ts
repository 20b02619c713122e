/**
 * How sentences end in each language. Words are in lower case and without punctuation. A phrase matches whole words at
 * the end of a transcript, or its last characters in scripts without spaces.
 */

/** Data of one language. */
export interface Language {
  /** Words that never end a turn: articles, prepositions, conjunctions, sounds of hesitation. */
  readonly open: ReadonlyArray<string>
  /** The subset that can end a sentence if the recogniser has put a full stop there. */
  readonly weak: ReadonlyArray<string>
  /** Phrases that ask the agent to wait. */
  readonly wait: ReadonlyArray<string>
  /** Phrases that announce a number or a name. */
  readonly lead: ReadonlyArray<string>
  /** Phrases that are complete even without punctuation. */
  readonly closed: ReadonlyArray<string>
  /** Spoken digits and numbers. */
  readonly digits: ReadonlyArray<string>
  /** Phrases with which an agent asks for digits, and how many to expect. The first match counts. */
  readonly asks: ReadonlyArray<readonly [words: string, digits: number]>
  readonly unspaced?: true | undefined
}

const list = (text: string): ReadonlyArray<string> => text.split(",").map((each) => each.trim())

/** The languages, by ISO 639-1 code. */
export const languages = {
  en: {
    open: list(
      "a, an, the, and, or, but, so, because, cause, if, when, while, that, which, who, whose, where, than, then, as, of, to, for, from, with, without, by, in, into, on, onto, at, about, between, under, over, my, your, his, her, its, our, their, this, these, those, some, any, every, each, is, are, was, were, am, be, been, have, has, had, do, does, did, will, would, can, could, should, may, might, must, i, i'm, i'd, i'll, i've, we, we're, it's, there's, not, very, really, just, also, like, um, uh, er, erm, hmm, well, i mean, you know, kind of, sort of, such as, i would like, i'd like, i want, i need"
    ),
    weak: list(
      "that, this, these, those, so, then, do, does, did, have, has, had, is, are, was, were, am, be, been, not, very, really, just, also, like, well, on, in, at, by, with, about, for, from, to, as, than, under, over, between, will, would, can, could, should, may, might, must, it's, there's, her, his, any, some, each, where, who, which, when, while, without, you know, i mean, kind of, sort of, such as, hmm"
    ),
    wait: list(
      "wait, wait wait, wait a second, wait a minute, wait a moment, hold on, hang on, one second, one sec, just a second, just a sec, one moment, just a moment, one minute, just a minute, give me a second, give me a moment, bear with me, let me see, let me think, let me check, let me look, let me find it, let me get it"
    ),
    lead: list(
      "my number is, the number is, my phone number is, my name is, my email is, my email address is, my address is, my account number is, the code is, my zip code is, my date of birth is, it is, that's, the date is"
    ),
    closed: list(
      "yes, yes please, yeah, yep, no, nope, no thanks, no thank you, please, thanks, thank you, bye, goodbye, that's it, that's all, that's right, that's correct, correct, nothing else, of course, sure, sounds good, perfect, hello, hi, good morning, today, tomorrow, tonight, i don't know, not yet, never mind, help, stop, cancel"
    ),
    digits: list(
      "zero, oh, o, one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve, thirteen, fourteen, fifteen, sixteen, seventeen, eighteen, nineteen, twenty, thirty, forty, fifty, sixty, seventy, eighty, ninety, hundred, thousand, double, triple, plus"
    ),
    asks: [
      ["phone number", 10],
      ["telephone number", 10],
      ["mobile number", 10],
      ["callback number", 10],
      ["card number", 16],
      ["zip", 5],
      ["postal code", 5],
      ["social security", 9],
      ["date of birth", 8],
      ["account number", 8],
      ["order number", 6],
      ["confirmation number", 6],
      ["verification code", 6],
      ["code", 4],
      ["pin", 4]
    ]
  },
  de: {
    open: list(
      "der, die, das, den, dem, des, ein, eine, einen, einem, einer, und, oder, aber, denn, weil, wenn, dass, ob, als, wie, also, sondern, von, vom, zu, zum, zur, für, mit, ohne, bei, beim, in, im, ins, an, am, auf, aus, nach, über, unter, vor, zwischen, gegen, mein, meine, meinen, meiner, dein, ihr, ihre, sein, seine, unser, unsere, dieser, diese, dieses, ich, wir, es, ist, sind, war, bin, habe, haben, hat, hätte, würde, möchte, kann, könnte, soll, will, muss, nicht, sehr, noch, auch, äh, ähm, hm, sozusagen, zum beispiel, ich möchte, ich hätte gern, ich brauche"
    ),
    weak: list(
      "ist, sind, war, bin, habe, haben, hat, hätte, würde, möchte, kann, könnte, soll, will, muss, nicht, sehr, auch, noch, an, auf, aus, mit, zu, in, nach, vor, über, unter, bei, ihr, ihre, sein, seine, die, das, der, den, dem, eine, einen, also, als, wie, ich, wir, es, gegen, dieser, diese, dieses, hm, ich möchte"
    ),
    wait: list(
      "warte, warten sie, moment, einen moment, moment mal, augenblick, einen augenblick, sekunde, eine sekunde, kleinen moment, warte mal, lass mich nachsehen, lassen sie mich nachsehen, ich schau mal, ich schaue nach, mal sehen, lassen sie mich überlegen"
    ),
    lead: list(
      "meine nummer ist, die nummer ist, meine telefonnummer ist, mein name ist, ich heiße, meine adresse ist, meine kundennummer ist, der code ist, die postleitzahl ist, mein geburtsdatum ist"
    ),
    closed: list(
      "ja, ja bitte, ja gerne, nein, nein danke, bitte, danke, danke schön, vielen dank, tschüss, auf wiederhören, das war's, das war alles, genau, richtig, stimmt, gerne, klar, hallo, guten tag, heute, morgen, ich weiß nicht, noch nicht, hilfe, stopp, abbrechen"
    ),
    digits: list(
      "null, eins, ein, zwei, zwo, drei, vier, fünf, sechs, sieben, acht, neun, zehn, elf, zwölf, dreizehn, vierzehn, fünfzehn, sechzehn, siebzehn, achtzehn, neunzehn, zwanzig, dreißig, vierzig, fünfzig, sechzig, siebzig, achtzig, neunzig, hundert, tausend, plus, doppel"
    ),
    asks: [
      ["telefonnummer", 10],
      ["handynummer", 11],
      ["rufnummer", 10],
      ["kartennummer", 16],
      ["postleitzahl", 5],
      ["geburtsdatum", 8],
      ["kundennummer", 8],
      ["kontonummer", 8],
      ["bestellnummer", 6],
      ["code", 4],
      ["pin", 4]
    ]
  },
  es: {
    open: list(
      "el, la, los, las, un, una, unos, unas, y, e, o, u, pero, porque, si, cuando, que, como, de, del, a, al, para, por, con, sin, en, sobre, entre, desde, hasta, mi, mis, tu, su, sus, nuestro, este, esta, ese, esa, es, son, era, soy, estoy, está, he, ha, tengo, quiero, quisiera, puedo, puede, no, muy, más, también, eh, este, pues, o sea, es decir, me gustaría, necesito, yo"
    ),
    weak: list(
      "no, más, muy, también, este, esta, ese, esa, yo, quiero, quisiera, puede, puedo, son, es, era, soy, estoy, está, ha, tengo, que, como, cuando, me gustaría, entre, sobre"
    ),
    wait: list(
      "espera, espere, un momento, un segundo, un minuto, momentito, un momentito, espere un momento, déjame ver, déjeme ver, déjame pensar, a ver, vamos a ver, déjeme buscarlo"
    ),
    lead: list(
      "mi número es, el número es, mi teléfono es, mi nombre es, me llamo, mi correo es, mi dirección es, el código es, mi fecha de nacimiento es"
    ),
    closed: list(
      "sí, si, sí por favor, no gracias, por favor, gracias, muchas gracias, adiós, hasta luego, eso es todo, nada más, correcto, exacto, claro, vale, de acuerdo, hola, buenos días, hoy, mañana, no sé, no lo sé, todavía no, ayuda, cancelar"
    ),
    digits: list(
      "cero, uno, una, dos, tres, cuatro, cinco, seis, siete, ocho, nueve, diez, once, doce, trece, catorce, quince, dieciséis, diecisiete, dieciocho, diecinueve, veinte, treinta, cuarenta, cincuenta, sesenta, setenta, ochenta, noventa, cien, ciento, mil, más, doble"
    ),
    asks: [
      ["número de teléfono", 9],
      ["teléfono", 9],
      ["móvil", 9],
      ["tarjeta", 16],
      ["código postal", 5],
      ["fecha de nacimiento", 8],
      ["número de cuenta", 8],
      ["número de pedido", 6],
      ["código", 4],
      ["pin", 4]
    ]
  },
  fr: {
    open: list(
      "le, la, les, l, un, une, des, du, de, d, et, ou, mais, donc, car, parce que, si, quand, que, qu, qui, comme, à, au, aux, pour, par, avec, sans, en, dans, sur, sous, entre, chez, mon, ma, mes, ton, ta, votre, vos, son, sa, ses, notre, ce, cet, cette, ces, est, sont, suis, c'est, il y a, j'ai, ai, a, ont, je, j, nous, on, ne, pas, très, plus, aussi, euh, ben, alors, c'est-à-dire, je voudrais, j'aimerais, je veux, il me faut, par exemple"
    ),
    weak: list(
      "pas, plus, aussi, en, on, nous, a, ai, est, sont, suis, entre, sous, sur, avec, alors, comme, je veux, j'aimerais, je voudrais, c'est, par exemple"
    ),
    wait: list(
      "attends, attendez, un instant, un moment, une seconde, une minute, deux secondes, un petit instant, attendez un instant, laissez-moi voir, laissez moi voir, laisse-moi voir, voyons, voyons voir, je regarde, laissez-moi réfléchir, ne quittez pas"
    ),
    lead: list(
      "mon numéro est, mon numéro c'est, le numéro est, mon nom est, je m'appelle, mon adresse est, le code est, ma date de naissance est, mon mail est"
    ),
    closed: list(
      "oui, oui s'il vous plaît, non, non merci, s'il vous plaît, s'il te plaît, merci, merci beaucoup, au revoir, c'est tout, rien d'autre, exactement, tout à fait, d'accord, bien sûr, bonjour, aujourd'hui, demain, je ne sais pas, pas encore, à l'aide, stop, annuler"
    ),
    digits: list(
      "zéro, un, deux, trois, quatre, cinq, six, sept, huit, neuf, dix, onze, douze, treize, quatorze, quinze, seize, vingt, trente, quarante, cinquante, soixante, septante, huitante, nonante, cent, mille, plus, double"
    ),
    asks: [
      ["numéro de téléphone", 10],
      ["téléphone", 10],
      ["portable", 10],
      ["carte", 16],
      ["code postal", 5],
      ["date de naissance", 8],
      ["numéro de compte", 8],
      ["numéro de commande", 6],
      ["code", 4]
    ]
  },
  it: {
    open: list(
      "il, lo, la, i, gli, le, un, uno, una, e, ed, o, ma, perché, se, quando, che, come, di, del, della, a, al, alla, da, dal, in, nel, nella, con, su, sul, per, tra, fra, mio, mia, miei, suo, sua, questo, questa, è, sono, ho, ha, vorrei, voglio, posso, non, molto, più, anche, ehm, cioè, allora, io"
    ),
    weak: list(
      "no, non, più, anche, è, sono, ho, ha, vorrei, voglio, posso, io, come, questo, questa, mio, mia, sua, molto, allora"
    ),
    wait: list(
      "aspetta, aspetti, un attimo, un momento, un secondo, un minuto, attenda, vediamo, fammi vedere, mi faccia vedere"
    ),
    lead: list("il mio numero è, il mio nome è, mi chiamo, il mio indirizzo è, il codice è"),
    closed: list(
      "sì, si, sì grazie, no grazie, per favore, grazie, arrivederci, è tutto, basta così, esatto, certo, va bene, ciao, buongiorno, oggi, domani, non lo so"
    ),
    digits: list(
      "zero, uno, due, tre, quattro, cinque, sei, sette, otto, nove, dieci, undici, dodici, venti, trenta, quaranta, cinquanta, sessanta, settanta, ottanta, novanta, cento, mille"
    ),
    asks: [
      ["numero di telefono", 10],
      ["cellulare", 10],
      ["carta", 16],
      ["cap", 5],
      ["data di nascita", 8],
      ["codice", 4]
    ]
  },
  pt: {
    open: list(
      "o, a, os, as, um, uma, e, ou, mas, porque, se, quando, que, como, de, do, da, dos, das, em, no, na, para, pra, por, com, sem, sobre, entre, meu, minha, seu, sua, este, esta, esse, essa, é, são, sou, estou, tenho, quero, queria, gostaria, posso, não, muito, mais, também, hum, tipo, então, eu"
    ),
    weak: list(
      "não, mais, também, é, são, sou, estou, tenho, quero, queria, gostaria, posso, este, esta, esse, essa, muito, como, então, eu, sobre"
    ),
    wait: list(
      "espera, espere, um momento, um segundo, um minuto, só um momento, só um minuto, deixa eu ver, deixe-me ver, calma"
    ),
    lead: list("meu número é, o número é, meu nome é, meu endereço é, o código é"),
    closed: list(
      "sim, sim por favor, não obrigado, não obrigada, por favor, obrigado, obrigada, tchau, é só isso, só isso, certo, claro, está bem, olá, bom dia, hoje, amanhã, não sei"
    ),
    digits: list(
      "zero, um, uma, dois, duas, três, quatro, cinco, seis, meia, sete, oito, nove, dez, onze, doze, vinte, trinta, quarenta, cinquenta, sessenta, setenta, oitenta, noventa, cem, cento, mil"
    ),
    asks: [
      ["número de telefone", 11],
      ["telefone", 11],
      ["celular", 11],
      ["cartão", 16],
      ["cep", 8],
      ["data de nascimento", 8],
      ["código", 4]
    ]
  },
  nl: {
    open: list(
      "de, het, een, en, of, maar, want, omdat, als, dat, die, wie, wat, waar, dan, van, naar, voor, met, zonder, bij, in, op, aan, uit, over, onder, tussen, mijn, jouw, uw, zijn, haar, ons, onze, dit, deze, is, was, ben, heb, heeft, wil, zou, kan, ik, we, niet, heel, ook, eh, uh, uhm, dus"
    ),
    weak: list(
      "is, was, ben, heb, heeft, wil, zou, kan, niet, ook, aan, uit, over, in, op, dat, die, dit, deze, zijn, haar, ik, we, dus, heel"
    ),
    wait: list("wacht, wacht even, moment, een moment, momentje, een seconde, even kijken, even denken, ogenblik"),
    lead: list("mijn nummer is, het nummer is, mijn naam is, ik heet, mijn adres is, de code is"),
    closed: list(
      "ja, ja graag, nee, nee dank je, nee bedankt, alstublieft, bedankt, dank je, dank u wel, dag, tot ziens, dat was het, klopt, precies, prima, hallo, goedemorgen, vandaag, morgen, ik weet het niet"
    ),
    digits: list(
      "nul, een, één, twee, drie, vier, vijf, zes, zeven, acht, negen, tien, elf, twaalf, twintig, dertig, veertig, vijftig, zestig, zeventig, tachtig, negentig, honderd, duizend"
    ),
    asks: [
      ["telefoonnummer", 10],
      ["postcode", 4],
      ["geboortedatum", 8],
      ["klantnummer", 8],
      ["code", 4]
    ]
  },
  ja: {
    unspaced: true,
    open: list(
      "は, が, を, に, と, で, て, の, も, や, けど, けれど, から, ので, たら, れば, なら, それで, でも, あの, えっと, えーと, その, まあ"
    ),
    weak: list("も, や, けど, から, ので"),
    wait: list("待って, 待ってください, ちょっと待って, ちょっと待ってください, 少々お待ちください, ええと確認します"),
    lead: list("番号は, 電話番号は, 名前は, 住所は"),
    closed: list(
      "です, ます, ました, ません, ください, お願いします, はい, いいえ, ありがとう, ありがとうございます, か, ね, よ, 結構です, でした"
    ),
    digits: list(
      "零, 一, 二, 三, 四, 五, 六, 七, 八, 九, 十, ゼロ, いち, に, さん, よん, ご, ろく, なな, はち, きゅう"
    ),
    asks: [
      ["電話番号", 10],
      ["郵便番号", 7],
      ["生年月日", 8],
      ["番号", 4]
    ]
  },
  zh: {
    unspaced: true,
    open: list(
      "的, 和, 跟, 但是, 但, 因为, 所以, 如果, 就是, 然后, 在, 把, 给, 对于, 比如, 那个, 这个, 嗯, 呃, 我想, 我要, 我的, 是"
    ),
    weak: list("的, 是, 我的, 在, 这个, 那个, 给"),
    wait: list("等一下, 等等, 稍等, 请稍等, 等一会儿, 我看看, 让我想想, 让我看看"),
    lead: list("号码是, 电话是, 我的电话是, 名字是, 我叫, 地址是"),
    closed: list("吗, 吧, 呢, 了, 谢谢, 好的, 好, 对, 是的, 不是, 没有, 不用, 再见, 可以"),
    digits: list("零, 一, 二, 三, 四, 五, 六, 七, 八, 九, 十, 两, 幺, 百, 千"),
    asks: [
      ["电话号码", 11],
      ["手机号", 11],
      ["邮编", 6],
      ["出生日期", 8],
      ["验证码", 6],
      ["号码", 4]
    ]
  }
} as const satisfies { readonly [code: string]: Language }

/** The language of a tag such as `de-CH`; undefined if there is no data for it. */
export const of = (tag: string): Language | undefined => byCode.get(tag.toLowerCase().split(/[-_]/)[0]!)

const byCode: ReadonlyMap<string, Language> = new Map(Object.entries(languages))
