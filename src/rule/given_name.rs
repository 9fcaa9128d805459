//! A word before a surname → whether it can be a given name. A capital in the middle of a sentence says so; at its head
//! every word has one (`Habló Maduro`), and there only common given names count.

/// Whether `folded`, written with a capital, is taken for a given name; `heads` when it begins its sentence.
pub fn is_given_name(folded: &str, heads: bool) -> bool {
    if heads { COMMON.binary_search(&folded).is_ok() } else { !is_function_word(folded) }
}

/// Words that are often capitalised before a surname and are no given name: what begins headlines, and what people are
/// addressed by.
fn is_function_word(folded: &str) -> bool {
    FUNCTION_WORDS.binary_search(&folded).is_ok()
}

/// Common given names in English, Spanish and Portuguese; folded, sorted.
#[rustfmt::skip]
const COMMON: [&str; 225] = [
    "aamir", "abdul", "adam", "adriana", "aga", "ahmad", "ahmed", "albert", "alberto", "alejandra", "alejandro",
    "alex", "alfonso", "alfredo", "ali", "alonso", "alvaro", "amir", "ana", "andrea", "andres", "andrew", "angel",
    "anna", "anthony", "antonio", "armando", "arthur", "arturo", "augusto", "barbara", "beatriz", "ben", "benito",
    "bernardo", "brian", "bruno", "caio", "camila", "camilo", "carlos", "carmen", "carolina", "cesar", "charles",
    "christopher", "claudia", "cristian", "cristobal", "daniel", "daniela", "david", "delcy", "diana", "diego",
    "edson", "eduardo", "edward", "elena", "elizabeth", "emilio", "emily", "enrique", "ernesto", "esteban", "eugenio",
    "fabio", "felipe", "felix", "fernanda", "fernando", "flavio", "francisco", "frank", "gabriel", "gabriela",
    "genghis", "george", "geraldo", "gerardo", "gilberto", "gloria", "gonzalo", "guillermo", "gustavo", "harry",
    "hassan", "hector", "helen", "henrique", "henry", "horacio", "hugo", "humberto", "hussein", "ibrahim", "ignacio",
    "imran", "isabel", "ivan", "jack", "jair", "james", "jane", "javier", "jennifer", "jessica", "jesus", "joao",
    "joaquim", "joaquin", "joe", "john", "jorge", "jose", "joseph", "juan", "juana", "julia", "julian", "juliana",
    "julio", "karen", "karim", "kate", "kenneth", "laura", "leonardo", "leopoldo", "leticia", "linda", "lisa",
    "lorenzo", "lucas", "lucia", "luciano", "luis", "luisa", "manuel", "marcelo", "marcio", "marcos", "margaret",
    "margarita", "maria", "mariana", "mario", "mark", "marta", "martin", "mary", "mateo", "matthew", "mauricio",
    "maximiliano", "michael", "miguel", "mohammad", "mohammed", "monica", "muhammad", "nancy", "natalia", "nelson",
    "nestor", "nicolas", "omar", "oscar", "otavio", "pablo", "patricia", "paul", "paula", "paulo", "pedro", "peter",
    "rafael", "ramon", "raquel", "raul", "renato", "ricardo", "richard", "robert", "roberto", "rodrigo", "rogerio",
    "rosa", "ruben", "sadiq", "salman", "sam", "sandra", "santiago", "sara", "sarah", "sebastian", "sebastiao",
    "sergio", "shah", "shan", "silvia", "simon", "sofia", "steven", "susan", "susana", "tamara", "teresa", "thiago",
    "thomas", "tiago", "tomas", "valentina", "veronica", "vicente", "victor", "victoria", "wagner", "walter",
    "wellington", "william", "xavier", "yolanda", "yusuf",
];

/// Folded, in English, Spanish and Portuguese; sorted.
#[rustfmt::skip]
const FUNCTION_WORDS: [&str; 168] = [
    "after", "against", "al", "also", "an", "and", "ante", "ao", "aos", "apos", "as", "asi", "at", "ate", "aunque",
    "bajo", "because", "before", "both", "but", "by", "camarada", "can", "canciller", "candidate", "candidato",
    "chavista", "com", "comandante", "commander", "como", "companero", "companheiro", "comrade", "con", "contra",
    "cual", "cuando", "da", "das", "de", "del", "desde", "dictador", "dictator", "did", "ditador", "do", "does",
    "don", "donde", "dos", "el", "em", "embora", "en", "enquanto", "entre", "esta", "este", "esto", "for", "from",
    "general", "gobierno", "government", "governo", "had", "has", "hasta", "how", "if", "in", "is", "ja", "la", "las",
    "leader", "lider", "lo", "los", "mais", "mandatario", "mas", "mientras", "mr", "mrs", "ms", "na", "nao", "nas",
    "nem", "ni", "no", "nos", "not", "now", "of", "on", "onde", "or", "os", "ou", "para", "pela", "pelo", "pero",
    "por", "porque", "presidencia", "presidency", "president", "presidente", "qual", "quando", "que", "quem", "quien",
    "regime", "regimen", "said", "say", "says", "se", "secretario", "secretary", "segun", "segundo", "sem", "senhor",
    "senor", "si", "sin", "since", "so", "sob", "sobre", "sr", "tambem", "tambien", "than", "that", "the", "then",
    "these", "this", "those", "to", "tras", "um", "uma", "un", "una", "under", "venezolano", "venezuelan",
    "venezuelano", "was", "what", "when", "where", "while", "who", "why", "will", "with", "ya", "yes",
];

#[cfg(test)]
mod tests {
    use super::COMMON;
    use super::FUNCTION_WORDS;
    use super::is_given_name;

    #[test]
    fn both_lists_can_be_searched() {
        assert!(COMMON.is_sorted() && FUNCTION_WORDS.is_sorted());
    }

    #[test]
    fn a_verb_at_the_head_of_a_sentence_is_no_given_name() {
        for (word, heads, expected) in
            [("hablo", true, false), ("ricardo", true, true), ("shan", false, true), ("presidente", false, false)]
        {
            assert_eq!(is_given_name(word, heads), expected, "{word}");
        }
    }
}
