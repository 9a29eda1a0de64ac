//! The documents: what the macros know of the operations, and what they leave out.

use std::{
    collections::{BTreeSet, HashMap},
    marker::PhantomData,
};

use poem::{endpoint::BoxEndpoint, http::Method};
use poem_openapi::{
    LicenseObject, OpenApi, OpenApiService,
    registry::{MetaApi, MetaOperation, MetaResponse, MetaSchema, MetaSchemaRef, Registry},
};

use super::NativeApis;
use crate::admin::api::AdminApis;

/// The native document, as `openapi/native.json` holds it.
pub fn native_document() -> String {
    describe(Documented::<NativeApis>(PhantomData)).spec()
}

/// The document of the console, as `openapi/admin.json` holds it.
pub fn admin_document() -> String {
    describe_admin(Documented::<AdminApis>(PhantomData)).spec()
}

/// Operations with the frame of the console's document around them.
pub fn describe_admin<T: OpenApi>(apis: T) -> OpenApiService<T, ()> {
    OpenApiService::new(apis, "Concierge console", env!("CARGO_PKG_VERSION"))
        .description(
            "What operators do: clients, keys, users, documents, each act written down. \
             Failures are `application/problem+json` (RFC 9457) with a `code` out of a closed list. \
             Requests that write need the header `X-Concierge-Console: 1`.",
        )
        .license(LicenseObject::new("Apache-2.0").url("https://www.apache.org/licenses/LICENSE-2.0"))
        .server("/admin/v1")
}

/// Operations with the frame of the native document around them.
pub fn describe<T: OpenApi>(apis: T) -> OpenApiService<T, ()> {
    OpenApiService::new(apis, "Concierge", env!("CARGO_PKG_VERSION"))
        .description(
            "Questions in, streamed answers out, cited out of the client's own documents. \
             Failures are `application/problem+json` (RFC 9457) with a `code` out of a closed list.",
        )
        .license(LicenseObject::new("Apache-2.0").url("https://www.apache.org/licenses/LICENSE-2.0"))
        .server("/api/v1")
}

/// Operations as they are described, with nothing behind them.
struct Documented<T>(PhantomData<T>);

impl<T: OpenApi> OpenApi for Documented<T> {
    fn meta() -> Vec<MetaApi> {
        let mut registry = Registry::new();
        T::register(&mut registry);
        let mut apis = T::meta();
        for operation in operations(&mut apis) {
            for param in &mut operation.params {
                untitle(&mut param.schema);
            }
            for response in &mut operation.responses.responses {
                describe_response(response, &registry);
            }
        }
        apis
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
        let asked = asked::<T>(registry);
        for (name, schema) in &mut registry.schemas {
            tell_nulls(schema, !asked.contains(name));
        }
    }

    fn add_routes(self, _: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

fn operations(apis: &mut [MetaApi]) -> impl Iterator<Item = &mut MetaOperation> {
    let paths = apis.iter_mut().flat_map(|api| &mut api.paths);
    paths.flat_map(|path| &mut path.operations)
}

/// A response says what its body is.
fn describe_response(response: &mut MetaResponse, registry: &Registry) {
    let body = response.content.first().map(|content| &content.schema);
    if let (true, Some(MetaSchemaRef::Reference(name))) = (response.description.is_empty(), body) {
        let described = registry.schemas.get(name).and_then(|body| body.description);
        response.description = described.unwrap_or_default();
    }
}

/// The names of what callers send, with all that it consists of.
fn asked<T: OpenApi>(registry: &Registry) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for operation in operations(&mut T::meta()) {
        let contents = operation
            .request
            .iter()
            .flat_map(|request| &request.content);
        contents.for_each(|content| collect(&content.schema, registry, &mut found));
    }
    found
}

fn collect(schema: &MetaSchemaRef, registry: &Registry, found: &mut BTreeSet<String>) {
    let schema = match schema {
        MetaSchemaRef::Inline(schema) => Some(&**schema),
        MetaSchemaRef::Reference(name) if found.insert(name.clone()) => registry.schemas.get(name),
        MetaSchemaRef::Reference(_) => None,
    };
    let Some(schema) = schema else { return };
    let parts = schema.properties.iter().map(|(_, schema)| schema);
    let parts = parts
        .chain(schema.items.as_deref())
        .chain(&schema.all_of)
        .chain(&schema.any_of);
    parts.for_each(|part| collect(part, registry, found));
}

/// Where nothing is, `null` is written, and read; what we write is always there.
fn tell_nulls(schema: &mut MetaSchema, written_only: bool) {
    for (name, property) in &mut schema.properties {
        untitle(property);
        let MetaSchemaRef::Inline(property) = property else {
            continue;
        };
        // the reference and, once more, what stands beside it
        if let [MetaSchemaRef::Reference(_), _] = property.all_of.as_slice() {
            property.all_of.truncate(1);
        }
        // generators write numbers and texts as defaults, and stumble over an object
        let empty = property.default.as_ref().and_then(|it| it.as_object());
        if empty.is_some_and(|object| object.is_empty()) {
            property.default = None;
        }
        if !schema.required.contains(name) {
            property.nullable = true;
            if written_only {
                schema.required.push(name);
            }
        }
    }
}

/// Ids inherit a sentence about their type as title; generators make names of titles.
fn untitle(schema: &mut MetaSchemaRef) {
    if let MetaSchemaRef::Inline(schema) = schema {
        schema.title = None;
        schema.items.as_deref_mut().map(untitle);
    }
}
