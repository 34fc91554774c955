//! Calls: Twilio asks what to do with one, does it, and asks again when a dialled leg has ended.

use http::Method;

use super::{ACCOUNT_SID, Answer, Call, Delivery, FallbackFields, Heard, Number, Twilio, script::Network};
use crate::server::lock;

/// A webhook of a call that was answered, and what came of that.
struct Asked {
    answer: Answer,
    heard: Vec<Heard>,
    /// What Twilio asks next.
    next: Option<Delivery>,
}

/// A webhook of a call that was not answered, or not with something that Twilio can follow.
struct Failed {
    answer: Answer,
    /// Twilio's error code, and what it means.
    error: String,
}

impl Twilio {
    /// Calls `to` from `from`, and does what Twilio is told to.
    ///
    /// # Panics
    ///
    /// If the account does not own `to`.
    pub async fn call(&self, from: &str, to: &str) -> Call {
        self.follow(self.a_call(from, to)).await
    }

    /// Delivers the webhook of a call, and does what Twilio is told to. When a phone that rang rings no
    /// more, Twilio asks again, if it was told where.
    pub async fn follow(&self, call: Delivery) -> Call {
        let mut asked = self.ask(call).await;
        let (answer, mut after, mut script) = (asked.answer, None, asked.heard);
        while let Some(ended) = asked.next {
            asked = self.ask(ended).await;
            script.extend(asked.heard);
            after = Some(asked.answer);
        }
        Call { answer, after, script }
    }

    /// Asks what to do. If that fails, whichever webhook of the call it is, Twilio asks the number's fallback URL;
    /// without one, or if that fails too, the caller hears a recording of Twilio's.
    ///
    /// <https://www.twilio.com/docs/usage/security/availability-reliability>
    async fn ask(&self, request: Delivery) -> Asked {
        let failed = match self.ask_once(&request).await {
            Ok(asked) => return asked,
            Err(failed) => failed,
        };
        let failed = match self.fallback(request, &failed.error) {
            None => failed,
            Some(fallback) => match self.ask_once(&fallback).await {
                Ok(asked) => return asked,
                Err(failed) => failed,
            },
        };
        Asked { answer: failed.answer, heard: vec![Heard::ApplicationError(failed.error)], next: None }
    }

    async fn ask_once(&self, request: &Delivery) -> Result<Asked, Failed> {
        let Some(answer) = self.attempt(request).await else {
            return Err(Failed { answer: Answer::default(), error: "11205: no answer in time".to_owned() });
        };
        let network = Network {
            from: request.field("From"),
            owned: self.owned().into_iter().map(|it| it.phone_number).collect(),
            refused: lock(&self.state).refused_caller_ids.clone(),
        };
        match network.follow(&answer) {
            Ok((heard, action)) => {
                let is_refused = matches!(heard.last(), Some(Heard::Refused { .. }));
                let status = if is_refused { "failed" } else { lock(&self.state).dials_end };
                let next = action.map(|action| request.clone().ended(&action, status));
                Ok(Asked { answer, heard, next })
            }
            Err(error) => Err(Failed { answer, error }),
        }
    }

    /// The request to the number's fallback URL after `request` has failed.
    fn fallback(&self, request: Delivery, error: &str) -> Option<Delivery> {
        let number = self.owned().into_iter().find(|it| it.phone_number == request.field("To"))?;
        let Number { voice_fallback_url: url, voice_fallback_method: method, .. } = number;
        let code = error.split(':').next().filter(|_| !url.is_empty())?;
        let failed = request.url().to_owned();
        let method = if method == "GET" { Method::GET } else { Method::POST };
        let fallback = request.to_url(|_| url).by(method);
        let fallback = fallback.with("ErrorCode", code).with("ErrorUrl", &failed);
        Some(match lock(&self.state).fallback_fields {
            FallbackFields::All => fallback,
            FallbackFields::WithoutDial => {
                let fields = ["DialCallSid", "DialCallStatus", "DialCallDuration"];
                fields.into_iter().fold(fallback, Delivery::without)
            }
        })
    }

    /// The webhook of a call.
    ///
    /// # Panics
    ///
    /// If the account does not own `to`.
    #[must_use]
    pub fn a_call(&self, from: &str, to: &str) -> Delivery {
        let sid = lock(&self.state).new_sid("CA");
        let Number { voice_url, voice_method, .. } = self.number(to);
        let form = [
            ("CallSid", sid.as_str()),
            ("AccountSid", ACCOUNT_SID),
            ("From", from),
            ("Caller", from),
            ("To", to),
            ("Called", to),
            ("CallStatus", "ringing"),
            ("Direction", "inbound"),
            ("ApiVersion", "2010-04-01"),
            ("FromCity", "SAN FRANCISCO"),
            ("FromState", "CA"),
            ("FromZip", ""),
            ("FromCountry", "US"),
            ("StirVerstat", "TN-Validation-Passed-A"),
        ];
        Delivery::new(voice_url, &voice_method, &form)
    }
}

impl Delivery {
    /// The webhook that follows when a phone has been rung for this call, to the URL that `action` names.
    ///
    /// # Panics
    ///
    /// If `action` is no URL.
    #[must_use]
    pub fn ended(self, action: &str, status: &str) -> Self {
        let url = url::Url::parse(self.url()).and_then(|url| url.join(action)).expect("a URL");
        let sid = self.field("CallSid").replacen("CA", "CB", 1);
        let ended = self.to_url(|_| url.into()).with("CallStatus", "in-progress");
        let ended = ended.without("ErrorCode").without("ErrorUrl").without("DialCallDuration");
        let ended = ended.with("DialCallSid", &sid).with("DialCallStatus", status);
        if status == "completed" { ended.with("DialCallDuration", "42") } else { ended }
    }
}
