//! Small pictures of large ones. What is decoded came from outside: its pixels are counted before room is made for them.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::files::error::FilesError;
use crate::model::file_type::FileType;

/// The longer side of a thumbnail, in pixels.
const SIDE: u32 = 320;

/// A picture of more pixels is refused: a camera's have 50 million, and whoever opened a larger one would need
/// gigabytes for it.
const PIXELS_MAX: u64 = 120_000_000;

/// A decoded picture of more bytes is kept without a thumbnail.
const DECODED_MAX: u64 = 160 * 1024 * 1024;

/// The quality of JPEG thumbnails, of 100.
const QUALITY: u8 = 80;

/// How pictures of this type are decoded; `None`: not at all.
pub(in crate::files) const fn format(file_type: FileType) -> Option<ImageFormat> {
    match file_type {
        FileType::Jpeg => Some(ImageFormat::Jpeg),
        FileType::Png => Some(ImageFormat::Png),
        FileType::Gif => Some(ImageFormat::Gif),
        FileType::Webp => Some(ImageFormat::WebP),
        FileType::Heic
        | FileType::Pdf
        | FileType::Docx
        | FileType::Xlsx
        | FileType::Pptx
        | FileType::Text
        | FileType::Zip
        | FileType::Mp4 => None,
    }
}

/// A picture of at most 320 pixels a side, upright, with nothing but its pixels: JPEG, or PNG where it is transparent.
/// `None`: it is damaged or too large for one.
///
/// # Errors
/// [`FilesError::WrongType`] when it is no picture of this format; [`FilesError::TooManyPixels`].
pub(in crate::files) fn thumbnail(
    file: &[u8],
    format: ImageFormat,
) -> Result<Option<Vec<u8>>, FilesError> {
    let reader = ImageReader::with_format(Cursor::new(file), format);
    let mut decoder = reader.into_decoder().map_err(|_| FilesError::WrongType)?;
    let (width, height) = decoder.dimensions();
    match u64::from(width) * u64::from(height) {
        0 => return Err(FilesError::WrongType),
        pixels if pixels > PIXELS_MAX => return Err(FilesError::TooManyPixels),
        _ if decoder.total_bytes() > DECODED_MAX => return Ok(None),
        _ => {}
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODED_MAX);
    let turned = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let decoded = decoder
        .set_limits(limits)
        .and_then(|()| DynamicImage::from_decoder(decoder));
    Ok(decoded.ok().and_then(|picture| small(picture, turned)))
}

fn small(picture: DynamicImage, turned: Orientation) -> Option<Vec<u8>> {
    let is_large = picture.width() > SIDE || picture.height() > SIDE;
    let mut small = match is_large {
        true => picture.thumbnail(SIDE, SIDE),
        false => picture,
    };
    small.apply_orientation(turned);
    let mut bytes = Cursor::new(Vec::new());
    if small.color().has_alpha() && small.to_rgba8().pixels().any(|pixel| pixel[3] < 255) {
        let plain = DynamicImage::ImageRgba8(small.to_rgba8());
        plain.write_to(&mut bytes, ImageFormat::Png).ok()?;
    } else {
        let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
        small.to_rgb8().write_with_encoder(encoder).ok()?;
    }
    Some(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageBuffer, Rgb, Rgba, RgbaImage};

    fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn opaque(width: u32, height: u32) -> DynamicImage {
        DynamicImage::ImageRgb8(ImageBuffer::from_fn(width, height, |x, _| {
            match x < width / 2 {
                true => Rgb([200, 0, 0]),
                false => Rgb([0, 0, 200]),
            }
        }))
    }

    fn small_of(file: &[u8], format: ImageFormat) -> DynamicImage {
        let drawn = thumbnail(file, format).unwrap().unwrap();
        image::load_from_memory(&drawn).unwrap()
    }

    #[test]
    fn every_format_becomes_small() {
        for format in [
            ImageFormat::Jpeg,
            ImageFormat::Png,
            ImageFormat::Gif,
            ImageFormat::WebP,
        ] {
            let small = small_of(&file(&opaque(640, 160), format), format);
            assert_eq!((small.width(), small.height()), (320, 80), "{format:?}");
        }
        let small = small_of(&file(&opaque(40, 30), ImageFormat::Png), ImageFormat::Png);
        assert_eq!((small.width(), small.height()), (40, 30));
    }

    #[test]
    fn what_is_transparent_stays_so() {
        let glass = RgbaImage::from_pixel(400, 400, Rgba([0, 200, 0, 40]));
        let file = file(&DynamicImage::ImageRgba8(glass), ImageFormat::Png);
        let small = small_of(&file, ImageFormat::Png);
        assert_eq!(small.to_rgba8().get_pixel(5, 5)[3], 40);
    }

    /// A JPEG with an EXIF part that says how the camera was held, and where.
    fn with_exif(orientation: u8) -> Vec<u8> {
        let plain = file(&opaque(640, 160), ImageFormat::Jpeg);
        let mut tiff = b"II*\0\x08\0\0\0\x01\0".to_vec();
        tiff.extend([
            0x12,
            0x01,
            3,
            0,
            1,
            0,
            0,
            0,
            orientation,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
        ]);
        tiff.extend(b"GPS 39.9N 116.4E");
        let mut part = b"Exif\0\0".to_vec();
        part.extend(tiff);
        let length = u16::try_from(part.len() + 2).unwrap().to_be_bytes();
        let mut file = plain[..2].to_vec();
        file.extend([0xff, 0xe1]);
        file.extend(length);
        file.extend(part);
        file.extend(&plain[2..]);
        file
    }

    #[test]
    fn a_turned_picture_stands_upright_and_tells_nothing() {
        let file = with_exif(6);
        assert!(memchr::memmem::find(&file, b"GPS").is_some());
        let drawn = thumbnail(&file, ImageFormat::Jpeg).unwrap().unwrap();
        assert!(memchr::memmem::find(&drawn, b"Exif").is_none());
        assert!(memchr::memmem::find(&drawn, b"GPS").is_none());
        let small = image::load_from_memory(&drawn).unwrap();
        assert_eq!((small.width(), small.height()), (80, 320));
    }

    /// A PNG of this size as its head says; there is nothing behind it.
    fn head_of_png(width: u32, height: u32) -> Vec<u8> {
        let mut png = file(&opaque(1, 1), ImageFormat::Png);
        png[16..20].copy_from_slice(&width.to_be_bytes());
        png[20..24].copy_from_slice(&height.to_be_bytes());
        let mut crc = !0_u32;
        for byte in &png[12..29] {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = (crc >> 1) ^ (0xedb8_8320 & (0_u32.wrapping_sub(crc & 1)));
            }
        }
        png[29..33].copy_from_slice(&(!crc).to_be_bytes());
        png
    }

    #[test]
    fn bombs_do_not_go_off() {
        let huge = thumbnail(&head_of_png(50_000, 50_000), ImageFormat::Png);
        assert!(matches!(huge, Err(FilesError::TooManyPixels)), "{huge:?}");
        let large = thumbnail(&head_of_png(10_000, 10_000), ImageFormat::Png);
        assert!(matches!(large, Ok(None)), "{large:?}");
        let cut = file(&opaque(640, 160), ImageFormat::Png);
        let cut = thumbnail(&cut[..cut.len() / 2], ImageFormat::Png);
        assert!(matches!(cut, Ok(None)), "{cut:?}");
        let none = thumbnail(b"\x89PNG\r\n\x1a\n<script>", ImageFormat::Png);
        assert!(matches!(none, Err(FilesError::WrongType)), "{none:?}");
    }
}
