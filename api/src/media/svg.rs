//! SVG pictures: measured, and refused if they hold anything active or fetch something.

/// Size of an SVG by its viewBox or its width and height.
pub(super) fn size(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut reader = quick_xml::Reader::from_reader(bytes);
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer).ok()? {
            quick_xml::events::Event::Start(e) | quick_xml::events::Event::Empty(e) => {
                if e.local_name().as_ref() != "svg" {
                    return None;
                }
                let attribute = |name: &str| Some(e.try_get_attribute(name).ok()??.value.into_owned());
                if let Some(view) = attribute("viewBox") {
                    let numbers: Vec<f64> = view.split([' ', ',']).filter_map(|n| n.parse().ok()).collect();
                    if let [_, _, w, h] = numbers[..] {
                        return Some((w.round() as usize, h.round() as usize));
                    }
                }
                let pixels = |name| attribute(name)?.trim_end_matches("px").parse::<f64>().ok();
                return Some((pixels("width")?.round() as usize, pixels("height")?.round() as usize));
            }
            quick_xml::events::Event::Eof => return None,
            _ => buffer.clear(),
        }
    }
}

/// SVG files are shown through `<img>`, where scripts do not run; one that holds any is refused all the
/// same, as well as one that fetches something.
pub(super) fn is_inert(bytes: &[u8]) -> Result<(), String> {
    let mut reader = quick_xml::Reader::from_reader(bytes);
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer) {
            Err(e) => return Err(format!("SVG illisible ({e})")),
            Ok(quick_xml::events::Event::DocType(_)) => return Err("un SVG avec DOCTYPE est refusé".into()),
            Ok(quick_xml::events::Event::Start(e) | quick_xml::events::Event::Empty(e)) => {
                let name = e.local_name();
                let name = name.as_ref().to_lowercase();
                if matches!(name.as_str(), "script" | "foreignobject" | "iframe" | "image" | "use") {
                    return Err(format!("l’élément « {name} » n’est pas admis dans un SVG"));
                }
                if !name.chars().all(|c| c.is_alphanumeric() || c == '-') {
                    return Err("SVG mal formé".into());
                }
                for attribute in e.attributes() {
                    let attribute = attribute.map_err(|e| format!("SVG mal formé ({e})"))?;
                    let key = attribute.key.local_name().as_ref().to_lowercase();
                    let value = attribute.value.to_lowercase();
                    let outside =
                        value.contains("javascript:") || value.contains("url(http") || value.contains("data:");
                    if key.starts_with("on") || outside || (key == "href" && !value.starts_with('#')) {
                        return Err(format!("l’attribut « {key} » n’est pas admis dans un SVG"));
                    }
                }
            }
            Ok(quick_xml::events::Event::Eof) => return Ok(()),
            Ok(_) => {}
        }
        buffer.clear();
    }
}
