//! A login or a registration.

use super::Detector;
use super::signs::SHORT;
use super::signs::Signs;
use crate::model::Reason;

/// Pages that ask who is there.
pub static DETECTOR: Detector = Detector { name: "login_wall", phrases: PHRASES, examine };

/// What logins say.
pub(super) const PHRASES: &[&str] = &[
    "log in to continue",
    "sign in to continue",
    "please log in",
    "please sign in",
    "sign in to read",
    "log in to read",
    "you must be logged in",
    "you need to be logged in",
    "forgot your password",
    "forgot password?",
    "create a free account to",
    "register to continue",
    "register for free to",
    "don't have an account?",
    "keep me logged in",
    "inicia sesión para continuar",
    "inicia sesión para leer",
    "inicie sesión para",
    "debes iniciar sesión",
    "regístrate para seguir",
    "regístrate gratis para",
    "regístrese para",
    "¿olvidaste tu contraseña?",
    "¿olvidó su contraseña?",
    "¿no tienes cuenta?",
    "¿ya tienes cuenta?",
    "faça login para continuar",
    "faça login para ler",
    "faça seu login",
    "cadastre-se para continuar",
    "cadastre-se gratuitamente para",
    "inicie sessão para",
    "esqueceu a senha?",
    "esqueceu sua senha?",
    "esqueci minha senha",
    "não tem uma conta?",
];

/// What stands in forms and not above every page of a site.
const FORMS: &[&str] = &[
    "log in to continue",
    "sign in to continue",
    "sign in to read",
    "log in to read",
    "you must be logged in",
    "you need to be logged in",
    "register to continue",
    "inicia sesión para continuar",
    "inicia sesión para leer",
    "debes iniciar sesión",
    "regístrate para seguir",
    "faça login para continuar",
    "faça login para ler",
    "cadastre-se para continuar",
];

fn examine(signs: &Signs<'_>) -> Option<Reason> {
    let wall = |detail: &str| Some(Reason::LoginWall { detail: detail.to_owned() });
    if let Some(phrase) = signs.asks(PHRASES) {
        return wall(phrase);
    }
    if signs.words < SHORT && !signs.is_flash() { signs.said_around(FORMS).and_then(wall) } else { None }
}
