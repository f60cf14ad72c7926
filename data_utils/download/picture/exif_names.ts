/**
 * Names of EXIF tags, as the Python package exifread has them (img2dataset writes what that reads): most are the
 * standard's, a few older than it. Source: CIPA DC-008 (Exif 2.3), tables 4 to 15.
 */

/** Number of the tag in hexadecimal, and name. */
const numbered = `
0100 ImageWidth, 0101 ImageLength, 0102 BitsPerSample, 0103 Compression, 0106 PhotometricInterpretation,
010a FillOrder, 010d DocumentName, 010e ImageDescription, 010f Make, 0110 Model, 0111 StripOffsets,
0112 Orientation, 0115 SamplesPerPixel, 0116 RowsPerStrip, 0117 StripByteCounts, 011a XResolution,
011b YResolution, 011c PlanarConfiguration, 0128 ResolutionUnit, 0129 PageNumber, 012d TransferFunction,
0131 Software, 0132 DateTime, 013b Artist, 013c HostComputer, 013d Predictor, 013e WhitePoint,
013f PrimaryChromaticities, 0211 YCbCrCoefficients, 0212 YCbCrSubSampling, 0213 YCbCrPositioning,
0214 ReferenceBlackWhite, 4746 Rating, 8298 Copyright, 829a ExposureTime, 829d FNumber, 8769 ExifOffset,
8822 ExposureProgram, 8824 SpectralSensitivity, 8825 GPSInfo, 8827 ISOSpeedRatings, 8830 SensitivityType,
8832 RecommendedExposureIndex, 8833 ISOSpeed, 9000 ExifVersion, 9003 DateTimeOriginal,
9004 DateTimeDigitized, 9010 OffsetTime, 9011 OffsetTimeOriginal, 9012 OffsetTimeDigitized,
9101 ComponentsConfiguration, 9102 CompressedBitsPerPixel, 9201 ShutterSpeedValue, 9202 ApertureValue,
9203 BrightnessValue, 9204 ExposureBiasValue, 9205 MaxApertureValue, 9206 SubjectDistance,
9207 MeteringMode, 9208 LightSource, 9209 Flash, 920a FocalLength, 9214 SubjectArea, 9290 SubSecTime,
9291 SubSecTimeOriginal, 9292 SubSecTimeDigitized, a000 FlashPixVersion, a001 ColorSpace,
a002 ExifImageWidth, a003 ExifImageLength, a004 RelatedSoundFile, a005 InteroperabilityOffset,
a20b FlashEnergy, a20e FocalPlaneXResolution, a20f FocalPlaneYResolution, a210 FocalPlaneResolutionUnit,
a214 SubjectLocation, a215 ExposureIndex, a217 SensingMethod, a300 FileSource, a301 SceneType,
a302 CVAPattern, a401 CustomRendered, a402 ExposureMode, a403 WhiteBalance, a404 DigitalZoomRatio,
a405 FocalLengthIn35mmFilm, a406 SceneCaptureType, a407 GainControl, a408 Contrast, a409 Saturation,
a40a Sharpness, a40b DeviceSettingDescription, a40c SubjectDistanceRange, a420 ImageUniqueID,
a430 CameraOwnerName, a431 BodySerialNumber, a432 LensSpecification, a433 LensMake, a434 LensModel,
a435 LensSerialNumber, a500 Gamma
`;

/** Tags of the main and the EXIF directory. */
export const tagNames: ReadonlyMap<number, string> = new Map(
  numbered.trim().split(/,\s+/).map((entry) => [parseInt(entry, 16), entry.slice(5)]),
);

/** Numbered from 0, each behind "GPS". */
const places = `
VersionID LatitudeRef Latitude LongitudeRef Longitude AltitudeRef Altitude TimeStamp Satellites Status
MeasureMode DOP SpeedRef Speed TrackRef Track ImgDirectionRef ImgDirection MapDatum DestLatitudeRef
DestLatitude DestLongitudeRef DestLongitude DestBearingRef DestBearing DestDistanceRef DestDistance
ProcessingMethod AreaInformation Date Differential
`;

/** Tags of the directory of places. */
export const gpsNames: ReadonlyMap<number, string> = new Map(
  places.trim().split(/\s+/).map((name, i) => [i, `GPS${name}`]),
);
