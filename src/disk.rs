//! How much of a disk is free.

use std::{io, path::Path};

/// Percent of the disk under this folder that may still be written.
pub fn free_percent(folder: &Path) -> io::Result<f64> {
    let disk = rustix::fs::statvfs(folder)?;
    if disk.f_blocks == 0 {
        return Ok(100.0);
    }
    Ok(disk.f_bavail as f64 * 100.0 / disk.f_blocks as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_has_a_share_that_is_free_and_a_folder_that_is_not_there_has_none() {
        let free = free_percent(&std::env::temp_dir()).unwrap();
        assert!((0.0..=100.0).contains(&free), "{free}");
        assert!(free_percent(Path::new("/nowhere/at/all")).is_err());
    }
}
