mod data;
mod list;
