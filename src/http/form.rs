//! A form of files that are read as they come: nothing of it is kept in memory or in files of its own.

use std::collections::BTreeMap;

use poem::{FromRequest, Request, RequestBody, web::Multipart};
use poem_openapi::{
    impl_apirequest_for_payload,
    payload::{ParsePayload, Payload},
    registry::{MetaSchema, MetaSchemaRef},
};

use crate::error::{Error, Result};

/// The part of the form that a file is.
const PART: &str = "file";

/// Files on their way in.
pub struct Files(Multipart);

/// One of them.
pub struct FileOfForm {
    /// What its sender calls it.
    pub name: String,
    /// What its sender says it is.
    pub media_type: String,
    /// Its bytes.
    pub field: poem::web::Field,
}

impl Files {
    /// The next file; parts of other names are passed over.
    ///
    /// # Errors
    /// `Invalid` when the form breaks off or is none.
    pub async fn next(&mut self) -> Result<Option<FileOfForm>> {
        loop {
            let field = self.0.next_field().await;
            let field = field
                .map_err(|error| Error::invalid(format!("The form cannot be read: {error}.")))?;
            let Some(field) = field else { return Ok(None) };
            if field.name() != Some(PART) {
                continue;
            }
            let media_type = field.content_type().unwrap_or("application/octet-stream");
            return Ok(Some(FileOfForm {
                name: field.file_name().unwrap_or_default().to_owned(),
                media_type: media_type.to_owned(),
                field,
            }));
        }
    }
}

impl Payload for Files {
    const CONTENT_TYPE: &'static str = "multipart/form-data";

    fn check_content_type(content_type: &str) -> bool {
        let essence = content_type.split(';').next().unwrap_or_default();
        essence.trim().eq_ignore_ascii_case(Self::CONTENT_TYPE)
    }

    fn schema_ref() -> MetaSchemaRef {
        let file = MetaSchema::new_with_format("string", "binary");
        let files = MetaSchema {
            description: Some("The files, a part each."),
            items: Some(Box::new(MetaSchemaRef::Inline(Box::new(file)))),
            ..MetaSchema::new("array")
        };
        let properties = BTreeMap::from([(PART, MetaSchemaRef::Inline(Box::new(files)))]);
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            required: vec![PART],
            properties: properties.into_iter().collect(),
            ..MetaSchema::new("object")
        }))
    }
}

impl ParsePayload for Files {
    const IS_REQUIRED: bool = true;

    async fn from_request(request: &Request, body: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self(Multipart::from_request(request, body).await?))
    }
}

impl_apirequest_for_payload!(Files);
