//! Attachments: kept in a folder and in a bucket, brought and fetched at the door, and removed when nothing shows them.

mod bucket;
mod contract;
mod door;
mod members;
mod people;
mod refusals;
mod sweep;

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage};

/// A picture of this width and height.
pub(crate) fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 7]));
    let picture = DynamicImage::ImageRgb8(picture);
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}
