"""What studies are made on: changed copies of photos, files and requests that mean harm."""
