//! Articles for the tests of this module, all invented.

/// An article of Puerto Claro.
pub const SPANISH: &str = "La Fiscalía de Puerto Claro abrió este lunes una investigación por la muerte de 14 pescadores \
frente a la isla de Santa Rufina, según confirmó la fiscal Elena Marchetti. El naufragio ocurrió el 9 de marzo, cuando el \
barco Estrella Azul, de 23,5 metros, volvía de Noruega con 1.250 toneladas de pescado.\n\nLos familiares de las víctimas \
acusan a la empresa Pesquera Halvorsen de haber ocultado 37 averías durante el último año. La compañía, que pagó 63 \
millones de dólares por la flota en 2019, negó las acusaciones en un comunicado y aseguró que colabora con la policía.\n\nEl \
ministro Tomás Ibarra anunció que el gobierno enviará a cuatro inspectores desde Lisboa. Una comisión del Parlamento \
escuchará a los sobrevivientes el próximo viernes, y el sindicato ha convocado una huelga de 48 horas en todos los puertos \
del norte. El juez Andrés Villalba ordenó además que se entreguen las grabaciones de la radio costera antes de fin de mes.";

/// The same in English.
pub const ENGLISH: &str = "The Puerto Claro prosecutor's office opened an investigation on Monday into the deaths of 14 \
fishermen off the island of Santa Rufina, prosecutor Elena Marchetti confirmed. The shipwreck happened on March 9, when the \
boat Estrella Azul, 23.5 metres long, was returning from Norway with 1,250 tonnes of fish.\n\nRelatives of the victims \
accuse the company Pesquera Halvorsen of having hidden 37 failures over the past year. The firm, which paid 63 million \
dollars for the fleet in 2019, denied the accusations in a statement and said that it is working with the police.\n\nMinister \
Tomas Ibarra announced that the government will send four inspectors from Lisbon. A committee of Parliament will hear the \
survivors next Friday, and the union has called a 48-hour strike in all northern ports. Judge Andres Villalba also ordered \
that the recordings of the coastal radio be handed over before the end of the month.";

/// The same in Portuguese, the first part of it.
pub const PORTUGUESE_LEDE: &str = "A Promotoria de Puerto Claro abriu nesta segunda-feira uma investigação sobre a morte de 14 \
pescadores diante da ilha de Santa Rufina, confirmou a promotora Elena Marchetti. O naufrágio ocorreu em 9 de março, quando o \
barco Estrella Azul, de 23,5 metros, voltava da Noruega com 1.250 toneladas de peixe.";

/// Another article of the same country.
pub const OTHER: &str = "El Ayuntamiento de Villa Serena presentó ayer el programa del festival de música antigua, que este \
verano reunirá a doce conjuntos en la catedral y en el claustro de San Bruno. La directora Carmen Oteiza explicó que las \
entradas costarán 18 euros y que los ensayos serán abiertos a los alumnos del conservatorio. El concierto de apertura estará \
a cargo del cuarteto Alborada, que interpretará por primera vez las partituras halladas en 1987 en el archivo del obispado. \
Quienes vivan en el barrio podrán dejar el coche en el mercado, y habrá autobuses hasta la medianoche.";

/// The weather, to a pattern.
pub fn weather(town: &str, numbers: [u32; 5]) -> String {
    let [high, low, wind, rain, warning] = numbers;
    format!(
        "Pronóstico para {town}: la temperatura máxima alcanzará los {high} grados y la mínima bajará hasta los {low} \
        grados durante la madrugada. El viento soplará del este con rachas de {wind} kilómetros por hora y la probabilidad de \
        lluvia será del {rain} por ciento por la tarde. El servicio meteorológico mantiene el aviso número {warning} y \
        recomienda a la población evitar las zonas bajas. El próximo boletín se publicará mañana a las ocho."
    )
}
