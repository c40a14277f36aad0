//! Whoever is turned away is told why in their own language, which only the request tells.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError};

use crate::http::language::{Language, for_reader};

/// Why somebody is turned away, in any language.
pub(in crate::http) trait Told: ResponseError + 'static {
    /// The answer in this language.
    fn told(&self, language: Language) -> HttpResponse;
}

/// Answers whoever is turned away.
pub(in crate::http) async fn in_their_words<T: Told>(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, Error> {
    let language = for_reader(request.request());
    let answer = next.call(request).await?.map_into_boxed_body();
    let problem = answer.response().error();
    let turned = problem.and_then(|problem| problem.as_error::<T>());
    let told = turned.map(|turned| turned.told(language));
    Ok(match told {
        Some(told) => answer.into_response(told),
        None => answer,
    })
}

/// The same for what was asked at another door.
pub(in crate::http) fn told<T: Told>(request: &HttpRequest, problem: Error) -> HttpResponse {
    match problem.as_error::<T>() {
        Some(turned) => turned.told(for_reader(request)),
        None => HttpResponse::from_error(problem),
    }
}

/// What a reader of this language gets when the store fails.
#[cfg(test)]
pub(in crate::http) async fn of_a_failing_store<T>(language: &str) -> String
where
    T: Told + From<crate::store::error::StoreError>,
{
    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, call_and_read_body, init_service};
    use actix_web::{App, web};

    use crate::store::error::StoreError;

    let fails = async || Err::<HttpResponse, T>(StoreError::Corrupt("x".into()).into());
    let app = App::new()
        .wrap(from_fn(in_their_words::<T>))
        .route("/", web::get().to(fails));
    let app = init_service(app).await;
    let request = TestRequest::get().insert_header(("accept-language", language));
    let answer = call_and_read_body(&app, request.to_request()).await;
    String::from_utf8(answer.to_vec()).unwrap()
}
